# El precio de un préstamo, antes de saber nada de la persona.
calculator-title = <b>¿Cuánto cuesta un préstamo?</b>
calculator-intro = Cambia el monto y el plazo. Aquí no guardamos nada sobre ti.
calculator-band =
    El precio se decide cuando lo solicitas, según el riesgo que vemos: interés del { $least } al { $most } al año (TAE del { $least_apr } al { $most_apr }). Devuelves en total de { $least_total } a { $most_total }.
    Esto es lo máximo que puede costar:
calculator-asked = Pides: <b>{ $amount }</b>
calculator-received = Recibes: <b>{ $amount }</b>
calculator-total = Pagas en total: <b>{ $amount }</b>
calculator-down-payment = De eso, el primer día: <b>{ $amount }</b>
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
calculator-penalty = Si pagas tarde, { $kind ->
        [flat] se suman { $amount }
        [percent] se suma el { $percent } de lo atrasado
        [both] se suman el { $percent } de lo atrasado y { $amount }
       *[daily] se suma un interés del { $percent } al año sobre lo atrasado
    } { $every ->
        [once] una vez por cada pago
        [day] cada día
        [week] cada semana
        [month] cada mes
       *[always] por cada día
    }{ $days ->
        [0] .
        [one] , cuando el atraso pasa de { $days } día.
       *[other] , cuando el atraso pasa de { $days } días.
    }
calculator-penalty-each = Por atraso: no más de { $amount } por un pago.
calculator-penalty-most = Por atraso: no más de { $amount } en total.
calculator-follows-debt = El interés se cuenta por día sobre lo que debes: pagar antes cuesta menos, pagar tarde cuesta más.
part-day = Día
part-principal = Capital
part-interest = Interés
part-fees = Cargos
part-due = A pagar
calculator-apply = ✅ Pedir este préstamo
calculator-no-products = En este momento no hay préstamos. Vuelve más tarde, por favor.

product-personal = En cuotas
product-bullet = En un solo pago
product-online = Pequeño y rápido
product-business = Para mi negocio
product-invoice = Dinero por una factura
product-purchase = Comprar en una tienda
product-rural = Hasta la cosecha
product-group = Con mi grupo
choose-another-product = El préstamo que elegiste es para personas con otro trabajo o más ingresos. Elige otro, por favor.
frequency-once = Todo al final
frequency-day = Cada día
frequency-week = Cada semana
frequency-week2 = Cada dos semanas
frequency-month = Cada mes
term-until = hasta el { $day }
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
