# El préstamo: cuánto se debe, cuándo y cómo pagarlo.
loan-title = <b>Tu préstamo { $reference }</b>
loan-pending = El dinero va en camino a tu billetera. Te escribimos cuando llegue.
loan-pending-shop = El dinero va en camino a la tienda. Te escribimos cuando llegue.
loan-held = El dinero llega un poco más tarde: { $why ->
        [borrower] con lo que ya debes es más de lo que hoy podemos prestar a una persona.
        [limit] solo podemos prestar cierta suma a la vez para préstamos como el tuyo.
       *[no_money] estamos esperando dinero para prestar.
    } No debes nada hasta que llegue, y entonces te escribimos. Si ya no lo quieres: /human
loan-principal = Prestado: { $amount }
loan-next = Próximo pago: <b>{ $amount }</b> el { $day }
loan-late = ⚠️ <b>{ $amount }</b> vencía el { $day }.
    Págalo hoy con /pay, por favor, o habla con una persona: buscaremos una manera.
loan-due-now = Para pagar ahora: <b>{ $amount }</b>
loan-nothing-due = Ahora no tienes que pagar nada.
loan-left = Falta por pagar en total: { $amount }
loan-payoff = Para pagar todo hoy: { $amount }
loan-credit = Has pagado por adelantado: { $amount }
loan-none = Ahora no tienes ningún préstamo con nosotros.
loan-closed = 🎉 <b>Tu préstamo está pagado del todo.</b> ¡Gracias! No debes nada.
loan-canceled = <b>No se pudo entregar el dinero.</b> No debes nada. Puedes pedir otra vez o hablar con una persona.
loan-written-off = <b>Tu préstamo está con nuestro equipo.</b> Habla con una persona, por favor.

schedule-title = <b>Fechas de pago, préstamo { $reference }</b>
schedule-legend = ✓ pagado · ! atrasado

calendar-sent = Abre este archivo: tus fechas de pago entran en el calendario de tu teléfono, con un aviso el día antes.
statement-sent = Tu estado de cuenta del { $day }.
receipts-title = <b>¿Qué pago?</b>
receipts-none = Todavía no has pagado nada. Cada pago tiene su recibo.
receipts-row = { $day } · { $amount }
receipt-sent = Tu recibo por { $amount }.

pay-title = <b>¿Cuánto quieres pagar?</b>
pay-now = 💳 Ahora: { $amount }
pay-next = 💳 Próximo: { $amount }
pay-all = 🏁 Todo: { $amount }
payoff-title = Con <b>{ $amount }</b> terminas tu préstamo hoy. Después no debes nada.
payoff-saves = Ahorras <b>{ $saving }</b>: fecha por fecha todavía pagarías { $left }.
payoff-today = Este es el monto de hoy. Cada día se suma interés.
pay-other = ✏️ Otro monto
pay-other-hint = Escribe el monto que quieres pagar, por ejemplo 5000.
pay-confirm = ¿Pagar <b>{ $amount }</b>?
pay-button = 💳 Pagar { $amount }
pay-requested = <b>Confirma { $amount } en tu billetera, por favor.</b> Te escribimos cuando llegue el dinero.
pay-waiting = <b>Hay un pago de { $amount } esperando en tu billetera.</b> Confírmalo allí, por favor.
pay-card = 💳 Tarjeta, aquí en Telegram
pay-card-title = <b>¿Cuánto quieres pagar con tarjeta?</b> Te mando una factura aquí. Tu tarjeta solo la ve el proveedor de pagos; nosotros nunca la vemos. Si quieres otro monto, escríbelo.
pay-card-button = 💳 Con tarjeta: { $amount }
pay-card-sent = <b>Tu factura de { $amount } está en camino.</b> Presiona el botón debajo de ella para pagar con tu tarjeta. Se puede pagar durante un día, y una sola vez.
pay-card-waiting = <b>Más arriba en este chat hay una factura de { $amount }.</b> Puedes pagarla allí con tarjeta, o elegir otra vez.
pay-card-later = Ahora mismo no puedo revisar este pago y no se te cobró nada. Inténtalo otra vez en un minuto, por favor.
pay-no-wallet = El dinero de este préstamo fue a la tienda y no tienes un teléfono confirmado con nosotros: no hay billetera a la que pueda pedirle el pago.
pay-by-reference = { $rail ->
        [mpesa] Puedes pagar tú mismo con M-Pesa o en un agente: Pay Bill, número de negocio <code>{ $payee }</code>, número de cuenta <code>{ $reference }</code>.
        [gsma] Puedes pagar tú mismo con dinero móvil o en un agente: paga a <code>{ $payee }</code>, referencia <code>{ $reference }</code>.
        [iso20022] Puedes pagar por transferencia a la cuenta <code>{ $payee }</code>. Escribe <code>{ $reference }</code> como referencia.
       *[other] Puedes mandar el dinero tú mismo desde tu billetera. Escribe <code>{ $reference }</code> como referencia.
    }
pay-not-yet = Todavía no hay nada que pagar: el dinero va en camino.
