# Papeles que la persona guarda.
schedule-title = Fechas de pago
schedule-subtitle = Préstamo { $reference } · montos en { $currency }
schedule-paid = Pagado { $paid } de { $due }
schedule-before = { $count ->
        [one] { $count } pago hecho
       *[other] { $count } pagos hechos
    }
schedule-after = { $count ->
        [one] { $count } más, el { $day }
       *[other] { $count } más, hasta el { $day }
    }
schedule-today = Hoy, { $day }

principal = Capital
interest = Interés
fees = Cargos
paid = Pagado

calendar-name = Préstamo { $reference }
calendar-event = Pagar { $amount } (préstamo { $reference })
calendar-note = Pago { $n } del préstamo { $reference }. Paga en el chat con /pay, o manda el dinero con la referencia { $reference }.
calendar-alarm = Mañana: pagar { $amount }

statement-title = Estado de cuenta
statement-subtitle = Préstamo { $reference } · { $day } · montos en { $currency }
statement-borrowed = Prestado
statement-paid-out = Entregado el
statement-closed = Pagado del todo el
statement-due = Para pagar ahora
statement-payoff = Para pagar todo el { $day }
statement-left = Falta por pagar si cumples cada fecha
statement-credit = Pagado por adelantado
statement-movements = Lo que pasó
statement-none = Todavía no ha pasado nada.
statement-ahead = Lo que falta
statement-day = Día
statement-what = Qué
statement-charged = Se suma
statement-received = Se resta
statement-balance = Debes
statement-amount = A pagar
statement-note = Un saldo con signo menos es dinero que has pagado por adelantado.

kind-disbursement = Préstamo entregado
kind-accrual = Interés y cargos
kind-accrual-since = Interés y cargos desde el { $day }
kind-late-fee = Cargo por atraso
kind-repayment = Tu pago
kind-credit = De lo que pagaste por adelantado
kind-write-off = Ya no se reclama
kind-waiver = Condonado
kind-recovery = Pagado después de darlo por perdido
kind-refinance = Pagado con un préstamo nuevo
kind-goodwill = Regalado
kind-chargeback = Pago retirado
kind-refund = Devuelto a ti
kind-change = El préstamo cambió
kind-suspense = Pagado de más
kind-reversal = Devuelto
kind-other = Otro

receipt-title = Recibo
receipt-subtitle = Préstamo { $reference }
receipt-amount = Recibimos
receipt-on = Pagado el
receipt-number = Número
receipt-used = Lo que pagó
receipt-ahead = Pagado por adelantado
receipt-penalties = Cargos por atraso
receipt-reversed = Este pago se devolvió el { $day }: no cuenta.
receipt-thanks = Gracias.
receipt-proof-title = Prueba
receipt-proof = Este pago es el asiento número { $number } de nuestro libro sellado. Cualquiera puede comprobarlo sin nosotros: da lo que dice este código a verify_ledger.py, con nuestra clave pública.

funder-title = Estado de cuenta del financiador
funder-subtitle = { $funder } · fondo { $pool } · { $since } a { $until }
funder-capital = Capital
funder-work = Colocado en préstamos
funder-period = Período
funder-shared-out = Repartido hasta ahora hasta el final del
funder-returns = Rendimiento
funder-risk = En riesgo al final
funder-opening = Al comienzo
funder-closing = Al final
funder-paid-in = Aportado
funder-reinvested = Dejado en el fondo de lo ganado
funder-taken-out = Retirado
funder-taken-back = Devuelto a su banco
funder-losses = Pérdidas
funder-recovered = Recuperado
funder-deployed = Prestado
funder-repaid = Capital devuelto
funder-free = Libre para prestar
funder-interest = Interés cobrado sobre su parte
funder-fees = Se queda el prestamista
funder-earned = Ganado
funder-paid-out = Pagado a usted
funder-payable = Ganado y aún no pagado
funder-irr = Rendimiento anual, ponderado por dinero (TIR)
funder-twr = Rendimiento del periodo, ponderado por tiempo (TWR)
funder-balance = Capital de préstamos vigentes
funder-overdue = De ello vencido, con intereses y cargos
funder-par-1 = De préstamos con 1 día o más de atraso
funder-par-30 = De préstamos con más de 30 días de atraso
funder-par-60 = De préstamos con más de 60 días de atraso
funder-par-90 = De préstamos con más de 90 días de atraso
funder-expected-loss = Pérdida esperada
funder-note = El interés cuenta cuando los prestatarios lo pagan. Donde su parte es la más segura, lo que otros cubren primero cuenta como capital devuelto.

invoice-title = Préstamo { $reference }
invoice-description = Pago de { $amount } a { $lender }. Tu tarjeta solo la ve el proveedor de pagos; nosotros nunca la vemos.
