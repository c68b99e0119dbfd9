# El precio de un préstamo, antes de saber nada de la persona.
calculator-title = <b>¿Cuánto cuesta un préstamo?</b>
calculator-intro = Cambia el monto y el plazo. Aquí no guardamos nada sobre ti.
calculator-asked = Pides: <b>{ $amount }</b>
calculator-received = Recibes: <b>{ $amount }</b>
calculator-total = Pagas en total: <b>{ $amount }</b>
calculator-interest = Intereses: { $amount }
calculator-fees-deducted = Comisiones descontadas: { $amount }
calculator-fees-other = Otras comisiones: { $amount }
calculator-no-fees = Comisiones: ninguna
calculator-apr = Costo en un año (TAE): { $percent }
calculator-when = <b>Cuándo pagas</b>
calculator-late = Si pagas tarde: se suma el { $percent } de lo atrasado después de { $days ->
        [one] { $days } día
       *[other] { $days } días
    }.
part-principal = Capital
part-interest = Interés
part-fees = Cargos
part-due = A pagar
calculator-apply = ✅ Pedir este préstamo
calculator-no-products = En este momento no hay préstamos. Vuelve más tarde, por favor.

product-personal = En cuotas
product-bullet = En un solo pago
term-day = { $count ->
        [one] { $count } día
       *[other] { $count } días
    }
term-week = { $count ->
        [one] { $count } semana
       *[other] { $count } semanas
    }
term-month = { $count ->
        [one] { $count } mes
       *[other] { $count } meses
    }
