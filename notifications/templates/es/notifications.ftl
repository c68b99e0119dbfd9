# Los textos del chat son HTML. Los SMS caben en una parte GSM-7: sin á, í, ó ni ú.

otp_code-sms = { $code } es tu clave de { $lender }. Vale { $minutes } minutos. Ponla solo en nuestro chat; nadie debe pedirla.

identity_passed-telegram = ✅ Tu identidad está confirmada.
identity_passed-sms = { $lender }: tu identidad fue confirmada. Abre el chat para seguir.
identity_passed-button = Seguir

identity_refused-telegram = No pudimos confirmar que el documento y la selfi muestran a la misma persona, así que no podemos seguir. Si crees que es un error, escribe /human y lo verá una persona.
identity_refused-sms = { $lender }: no pudimos confirmar tu identidad. Abre el chat para ver lo que puedes hacer.
identity_refused-button = Hablar con alguien

identity_needs_person-telegram = Una persona de nuestro equipo también mirará tus fotos. No tienes que mandarlas otra vez.
identity_needs_person-sms = { $lender }: una persona va a mirar tus fotos. No tienes que mandarlas otra vez.

application_news-telegram = Hay novedades sobre tu solicitud { $reference }.
application_news-sms = { $lender }: hay novedades sobre tu solicitud { $reference }. Abre el chat para leerlas.
application_news-button = Ver las novedades

staff_question-telegram =
    <b>Una pregunta sobre tu solicitud</b>
    { $question }
staff_question-sms = { $lender }: tenemos una pregunta sobre tu solicitud. Abre el chat para responder.
staff_question-button = Responder

phone_reset-telegram = 📱 Quitamos tu número de teléfono anterior, como pediste. Comparte aquí el nuevo: toca el botón.
phone_reset-button = Compartir mi número

pictures_wanted-telegram = 📷 Manda, por favor, { $pictures ->
        [document] una nueva foto de tu documento
        [selfie] una nueva foto de tu cara
       *[both] nuevas fotos de tu documento y de tu cara
    }: { $reason ->
        [blurred] no se veía todo con nitidez.
        [too_dark] estaba demasiado oscuro para verlo todo.
        [glare] había un reflejo de luz en la imagen.
        [cut_off] algo quedó cortado o tapado.
        [expired] el documento está vencido y necesitamos uno vigente.
        [wrong_document] necesitamos tu documento de identidad o tu pasaporte.
       *[faces_differ] no pudimos ver que las dos fotos son tuyas.
    }
pictures_wanted-sms = { $lender }: necesitamos nuevas fotos. Abre el chat para ver cuales y por que.
pictures_wanted-button = Mandar

disbursed-telegram = 💸 <b>{ $amount }</b> ya está pagado. Préstamo { $loan }: con /loan ves cuánto debes y cuándo.
disbursed-sms = { $lender }: enviamos { $amount }. Prestamo { $loan }.

disbursement_failed-telegram = No pudimos enviar { $amount } a tu billetera. No debes nada. Una persona de nuestro equipo lo está revisando y te escribirá aquí.
disbursement_failed-sms = { $lender }: no pudimos enviar { $amount } a tu billetera. No debes nada. Te escribiremos.

payout_returned-telegram = Los { $amount } que te enviamos volvieron a nosotros: tu billetera o tu banco no los recibió. No debes nada y no corren intereses. Una persona de nuestro equipo lo está revisando y te escribirá aquí.
payout_returned-sms = { $lender }: los { $amount } que te enviamos volvieron a nosotros. No debes nada. Te escribiremos.

payout_set_aside-telegram = Los { $amount } que te enviamos por el préstamo { $loan } volvieron a nosotros cuando ya lo habías pagado. El dinero es tuyo. Una persona de nuestro equipo te lo enviará y te escribirá aquí.
payout_set_aside-sms = { $lender }: { $amount } del prestamo { $loan } volvieron a nosotros cuando ya estaba pagado. Es tuyo: te lo enviaremos.

disbursement_held-telegram = Tu préstamo { $loan } está acordado. <b>{ $amount }</b> llegará un poco más tarde: { $why ->
        [borrower] con lo que ya debes es más de lo que hoy podemos prestar a una persona.
        [limit] solo podemos prestar cierta suma a la vez para préstamos como el tuyo. Llega cuando se pague una parte de ellos.
       *[no_money] estamos esperando dinero para prestar.
    } No debes nada hasta que llegue, y tus fechas cuentan desde ese día. No tienes que hacer nada. Si ya no lo quieres, escribe /human y una persona lo cancelará.
disbursement_held-sms = { $lender }: préstamo { $loan } acordado. { $amount } llega luego: { $why ->
        [borrower] con lo que debes, es demasiado hoy.
        [limit] hay un tope para estos préstamos.
       *[no_money] falta dinero para prestar.
    } Hasta entonces no debes nada.

disbursement_canceled-telegram = El préstamo { $loan } se canceló: no enviamos <b>{ $amount }</b> ni lo enviaremos. No debes nada. Puedes pedir otro cuando quieras: /apply
disbursement_canceled-sms = { $lender }: préstamo { $loan } cancelado. No enviamos { $amount }. No debes nada.

top_up_undone-telegram = <b>{ $amount }</b> sobre el préstamo { $loan } no te llegaron. No debes nada de eso y el préstamo queda como estaba: /loan
top_up_undone-sms = { $lender }: { $amount } sobre el prestamo { $loan } no te llegaron. No debes nada de eso.

repayment_received-telegram = ✅ Recibimos <b>{ $amount }</b> para el préstamo { $loan }. Gracias. Te queda por pagar: { $balance }.
repayment_received-sms = { $lender }: recibimos { $amount } para el prestamo { $loan }. Queda por pagar: { $balance }. Gracias.
repayment_received-button = Recibo (PDF)

paid_ahead-telegram = Pagaste más de lo que debías en el préstamo { $loan }. Puede terminar antes o tener pagos más pequeños: tú eliges.
paid_ahead-sms = { $lender }: pagaste mas de lo debido en el prestamo { $loan }. Puede terminar antes o con pagos menores: elige en el chat.
paid_ahead-button = Elegir

payment_declined-telegram = Tu billetera no pagó <b>{ $amount }</b> y no se te cobró nada. Puedes intentarlo otra vez con /pay, o mandar el dinero tú mismo con la referencia { $loan }.
payment_declined-sms = { $lender }: tu billetera no pago { $amount } y no se cobro nada. Intenta otra vez en el chat o manda el dinero con la referencia { $loan }.
payment_declined-button = Intentar otra vez

invoice_refused-telegram = No pudimos hacer una factura de <b>{ $amount }</b> para pagar con tarjeta y no se te cobró nada. Elige otro monto u otra forma con /pay, o manda el dinero tú mismo con la referencia { $loan }.
invoice_refused-sms = { $lender }: no se pudo hacer la factura de { $amount } con tarjeta; no se cobro nada. Paga de otra forma, referencia { $loan }.
invoice_refused-button = Pagar de otra forma

payment_taken_back-telegram = Tu banco o billetera retiró tu pago de <b>{ $amount }</b> para el préstamo { $loan }, así que ya no cuenta. Mira lo que debes ahora con /loan. Si no lo pediste tú, habla con nosotros.
payment_taken_back-sms = { $lender }: tu banco o billetera retiro tu pago de { $amount } para el prestamo { $loan }; ya no cuenta. Mira el chat o llama.
payment_taken_back-button = Pagar

refunded-telegram = Te devolvimos <b>{ $amount }</b>: lo habías pagado y el préstamo { $loan } no lo necesitaba.
refunded-sms = { $lender }: te devolvimos { $amount }; el prestamo { $loan } no lo necesitaba.

loan_closed-telegram = 🎉 Recibimos <b>{ $amount }</b>. El préstamo { $loan } está pagado por completo: no debes nada. ¡Gracias!
loan_closed-sms = { $lender }: recibimos { $amount }. El prestamo { $loan } fue pagado por completo, no debes nada. Gracias.
loan_closed-button = Recibo (PDF)

reminder_before_due-telegram = Un recordatorio: <b>{ $amount }</b> del préstamo { $loan } vence el { $due_on }. Pagar toma un minuto: /pay, o mándalo tú mismo con la referencia <b>{ $loan }</b>.
reminder_before_due-sms = { $lender }: { $amount } vence el { $due_on }. Paga en el chat o con la referencia { $loan }. STOP: no recibir SMS.
reminder_before_due-button = Pagar ahora

reminder_due_today-telegram = <b>{ $amount }</b> del préstamo { $loan } vence hoy. Pagar toma un minuto: /pay, o mándalo tú mismo con la referencia <b>{ $loan }</b>.
reminder_due_today-sms = { $lender }: { $amount } vence hoy. Paga en el chat o con la referencia { $loan }. STOP: no recibir SMS.
reminder_due_today-button = Pagar ahora

reminder_overdue-telegram = <b>{ $amount }</b> del préstamo { $loan } venció el { $due_on }. Todavía puedes resolverlo hoy: /pay. Si ahora no puedes pagar, dínoslo con /human y buscaremos una manera.
reminder_overdue-sms = { $lender }: { $amount } se debe desde el { $due_on }. Paga con la referencia { $loan } o escribe en el chat. STOP: no recibir SMS.
reminder_overdue-button = Pagar ahora

late_fee_charged-telegram = Se sumó un recargo por atraso de { $fee } al préstamo { $loan }, como dice el contrato. Para pagar ahora: <b>{ $amount }</b>.
late_fee_charged-sms = { $lender }: recargo por atraso de { $fee } en el prestamo { $loan }. Para pagar ahora: { $amount }.
late_fee_charged-button = Pagar ahora

collection_nudge-telegram = { $days ->
        [one] El préstamo { $loan } lleva un día de atraso: <b>{ $amount }</b> está pendiente.
       *[other] El préstamo { $loan } lleva { $days } días de atraso: <b>{ $amount }</b> está pendiente.
    } Confiamos en que quieres resolverlo. Paga con /pay o escribe /human: una persona buscará un plan contigo.
collection_nudge-sms = { $lender }: { $amount } del prestamo { $loan }, { $days ->
        [one] 1 dia
       *[other] { $days } dias
    } tarde. Paga o pide un plan en el chat. STOP: no recibir SMS.
collection_nudge-button = Pagar ahora

sms_help-sms = { $lender }: te escribimos en Telegram; alli pagas, preguntas y ves tu prestamo. Responde STOP para no recibir SMS, START para recibirlos.

guarantee_asked-telegram = <b>{ $name }</b> te pide que respondas por un préstamo. Lee primero qué significa. No debes nada si no aceptas.
guarantee_asked-sms = { $lender }: { $name } te pide responder por un préstamo. Léelo: { $site }/g/{ $invite } No debes nada si no aceptas.
guarantee_asked-button = Leerlo

guarantee_given-telegram = ✅ Dijeron que sí para tu solicitud { $reference }. Seguimos.
guarantee_given-sms = { $lender }: alguien responde ahora por tu solicitud { $reference }. Seguimos.
guarantee_given-button = Ver dónde estoy

guarantee_refused-telegram = Alguien a quien preguntamos no responde por tu solicitud { $reference }. Mira qué puedes hacer.
guarantee_refused-sms = { $lender }: alguien no responde por tu solicitud { $reference }. Abre el chat para ver qué puedes hacer.
guarantee_refused-button = Ver qué puedo hacer

guarantee_released-telegram = Ya no tienes que responder por el préstamo. No debes nada.
guarantee_released-sms = { $lender }: ya no tienes que responder por el préstamo. No debes nada.

guarantee_late-telegram = El préstamo { $loan }, por el que respondes, tiene { $days } días de atraso: faltan <b>{ $amount }</b>. Habla con quien lo pidió, o escribe /human.
guarantee_late-sms = { $lender }: el préstamo { $loan }, por el que respondes, se atrasa ({ $days } d): { $amount }. Habla con nosotros en el chat.

amendment_proposed-telegram = Proponemos un cambio en el préstamo { $loan }. Nada cambia si no estás de acuerdo. Para verlo antes y después: /loan
amendment_proposed-sms = { $lender }: proponemos un cambio en el prestamo { $loan }. Miralo en el chat: /loan
amendment_proposed-button = Ver la propuesta

amendment_applied-telegram = El préstamo { $loan } cambió. Tu plan de pagos como queda ahora: /loan
amendment_applied-sms = { $lender }: el prestamo { $loan } cambio. Tu plan esta en el chat: /loan
