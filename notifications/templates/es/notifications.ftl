# Los textos del chat son HTML. Los SMS caben en una parte GSM-7: sin á, í, ó ni ú.

otp_code-sms = { $code } es su clave de { $lender }. Vale { $minutes } minutos. Nunca se la pediremos: no la comparta.

identity_passed-telegram = ✅ Su identidad está confirmada. Sigamos con su solicitud.
identity_passed-sms = { $lender }: su identidad fue confirmada. Abra el chat para seguir.
identity_passed-button = Seguir

identity_refused-telegram = No pudimos confirmar que el documento y la selfie muestran a la misma persona, así que no podemos seguir. Si cree que es un error, escriba /help y lo verá una persona.
identity_refused-sms = { $lender }: no pudimos confirmar su identidad. Abra el chat para ver lo que puede hacer.
identity_refused-button = Hablar con una persona

identity_needs_person-telegram = Un colega está revisando su solicitud. No tiene que hacer nada: le escribiremos aquí.
identity_needs_person-sms = { $lender }: un colega revisa su solicitud. Le escribiremos.

application_news-telegram = Hay novedades sobre su solicitud { $reference }.
application_news-sms = { $lender }: hay novedades sobre su solicitud { $reference }. Abra el chat para leerlas.
application_news-button = Ver las novedades

staff_question-telegram =
    <b>Una pregunta sobre su solicitud</b>
    { $question }
staff_question-sms = { $lender }: tenemos una pregunta sobre su solicitud. Abra el chat para responder.
staff_question-button = Responder

disbursed-telegram = 💸 <b>{ $amount }</b> va en camino a su billetera. Préstamo { $loan }. Con /loan ve cuánto debe y cuándo.
disbursed-sms = { $lender }: { $amount } va en camino a su billetera. Prestamo { $loan }.

disbursement_failed-telegram = No pudimos enviar { $amount } a su billetera. No debe nada. Un colega lo está revisando y le escribirá aquí.
disbursement_failed-sms = { $lender }: no pudimos enviar { $amount } a su billetera. No debe nada. Le escribiremos.

repayment_received-telegram = ✅ Recibimos <b>{ $amount }</b> para el préstamo { $loan }. Gracias. Queda por pagar: { $balance }.
repayment_received-sms = { $lender }: recibimos { $amount } para el prestamo { $loan }. Queda por pagar: { $balance }. Gracias.

loan_closed-telegram = 🎉 El préstamo { $loan } está pagado por completo. Gracias: no debe nada.
loan_closed-sms = { $lender }: el prestamo { $loan } fue pagado por completo. No debe nada. Gracias.

reminder_before_due-telegram = Un recordatorio: <b>{ $amount }</b> del préstamo { $loan } vence el { $due_on }. Pagar toma un minuto: /pay
reminder_before_due-sms = { $lender }: { $amount } del prestamo { $loan } vence el { $due_on }. STOP: no recibir SMS.
reminder_before_due-button = Pagar ahora

reminder_due_today-telegram = <b>{ $amount }</b> del préstamo { $loan } vence hoy. Pagar toma un minuto: /pay
reminder_due_today-sms = { $lender }: { $amount } del prestamo { $loan } vence hoy. STOP: no recibir SMS.
reminder_due_today-button = Pagar ahora

reminder_overdue-telegram = <b>{ $amount }</b> del préstamo { $loan } venció el { $due_on }. Todavía puede resolverlo hoy: /pay. Si ahora no puede pagar, díganoslo con /help y buscaremos una manera.
reminder_overdue-sms = { $lender }: { $amount } del prestamo { $loan } debe desde el { $due_on }. Pague o escriba en el chat. STOP: no recibir SMS.
reminder_overdue-button = Pagar ahora

late_fee_charged-telegram = Se sumó un recargo por atraso de { $fee } al préstamo { $loan }, como dice el contrato. Para pagar ahora: <b>{ $amount }</b>.
late_fee_charged-sms = { $lender }: recargo por atraso de { $fee } en el prestamo { $loan }. Para pagar ahora: { $amount }.
late_fee_charged-button = Pagar ahora

collection_nudge-telegram = { $days ->
        [one] El préstamo { $loan } lleva un día de atraso: <b>{ $amount }</b> está pendiente.
       *[other] El préstamo { $loan } lleva { $days } días de atraso: <b>{ $amount }</b> está pendiente.
    } Confiamos en que quiere resolverlo. Pague con /pay o escriba /help: una persona buscará un plan con usted.
collection_nudge-sms = { $lender }: { $amount } del prestamo { $loan }, { $days ->
        [one] 1 dia
       *[other] { $days } dias
    } tarde. Pague o pida un plan en el chat. STOP: no recibir SMS.
collection_nudge-button = Pagar ahora

payment_request-telegram = Enviamos a su billetera un pedido de <b>{ $amount }</b> para el préstamo { $loan }. Acéptelo allí para pagar.
payment_request-sms = { $lender }: acepte en su billetera el pedido de { $amount } para pagar el prestamo { $loan }.

sms_help-sms = { $lender }: le escribimos en Telegram; alli paga, pregunta y ve su prestamo. Responda STOP para no recibir SMS, START para recibirlos.
