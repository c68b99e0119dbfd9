# Después de enviar la solicitud: espera, preguntas, respuesta, oferta.
summary-sent = ✅ <b>Tu solicitud está enviada.</b>
status-sent = <b>Tenemos tu solicitud.</b>
status-checking-photos = Estamos comparando tus fotos. Tarda como un minuto. Te escribimos aquí; no tienes que esperar.
status-in-review = Una persona de nuestro equipo la está mirando. No tienes que hacer nada. Te escribimos aquí en un día hábil.
status-question = <b>Tenemos una pregunta:</b>
    { $question }
status-question-hint = Escribe aquí tu respuesta, por favor.
status-question-answered = Gracias. Ya pasamos tu respuesta.

words-passed-on = ✓ Ya pasé tu mensaje.
file-received = Gracias, voy a pasar tu archivo.
file-passed-on = ✓ Ya pasé tu archivo.

decision-declined = <b>Ahora no podemos darte este préstamo.</b>
decision-reasons = Las razones principales:
decision-change = Qué lo cambiaría: pide { $amount } por { $term }.
decision-change-debts = Qué lo cambiaría: cuando tus otras deudas no pasen de { $debts } al mes, el mismo préstamo de { $amount } por { $term } se aprobaría.
decision-change-no-debts = Qué lo cambiaría: sin otras deudas que pagar cada mes, el mismo préstamo de { $amount } por { $term } se aprobaría.
decision-declined-next = Puedes intentarlo otra vez cuando algo cambie. Si crees que es un error, una persona lo revisa: toca «Hablar con alguien».

reason-income-not-confirmed = No pudimos confirmar tus ingresos.
reason-not-lawful-any-more = La ley ya no permite un préstamo a este precio.
reason-obligations-too-high = Pagas demasiado por otros préstamos.
reason-information-contradicts = Algunas de tus respuestas no concuerdan entre sí.
reason-repayment-history = Préstamos anteriores no se pagaron a tiempo.
reason-suspected-fraud = No pudimos confirmar que tus datos sean verdaderos.

offer-approved = 🎉 <b>Tu préstamo de { $limit } está aprobado.</b>
offer-counter = <b>Podemos prestarte { $limit }</b> de los { $asked } que pediste.
offer-rate = Tu tasa de interés: <b>{ $percent } al año</b>
offer-until = Esta oferta vale hasta el { $day }. Puedes tomar menos.
offer-accept = ✅ Tomo este préstamo
offer-facts = 📑 En PDF
offer-facts-title = Lo que cuesta este préstamo
offer-facts-sent = La oferta en papel. Puedes leerla con calma o mostrarla a alguien.
offer-refuse = ❌ No lo quiero
offer-back = ⬅️ Volver a la oferta
offer-code =
    <b>¿Qué código te mandamos?</b>
    Escribe los { $digits } números del SMS. El código es tu firma.
offer-code-signs = Firmas por { $amount } y pagas { $total } en total.
offer-accepted = ✅ <b>De acuerdo.</b> El dinero va en camino a tu billetera.
offer-accepted-shop = ✅ <b>De acuerdo.</b> El dinero va en camino a la tienda.
offer-expired = <b>La oferta terminó.</b> Puedes pedir otra vez.

# Proofs that are wanted again.
proof-picture = <b>Necesitamos una nueva foto tuya.</b>
proof-phone-given = ✓ Gracias, tu nuevo número está confirmado.
proof-phone = <b>Necesitamos tu nuevo número de teléfono.</b>

# Quién responde por un préstamo.
guarantee-waiting =
    <b>Ya le preguntamos a la persona que nombraste.</b>
    Seguimos cuando diga que sí, y te escribimos aquí.
guarantee-name-another =
    <b>Necesitamos a otra persona que responda por ti.</b>
    La que nombraste no lo hace, o ya no. Comparte otro contacto aquí o escribe su número de teléfono.
guarantee-group-waiting =
    <b>Ya le preguntamos a tu grupo.</b>
    Seguimos cuando todos digan que sí, y te escribimos aquí.
guarantee-group-no =
    <b>Alguien de tu grupo no responde por este préstamo.</b>
    No puede seguir. Puedes pararlo con /cancel.
button-another-guarantor = 👤 Nombrar a otra persona
guarantee-title = <b>{ $name } te pide que respondas por un préstamo.</b>
guarantee-share = Si { $name } no paga, pagas el { $share } % de lo que falte, <b>{ $most }</b> como máximo.
guarantee-free = No debes nada si no aceptas. Puedes retirarlo hasta que se pague el dinero.
guarantee-code-signs = Con el código aceptas responder por este préstamo.
guarantee-consented = ✅ <b>Respondes por este préstamo.</b> Te avisamos si un pago se atrasa.
guarantee-declined = No respondes por este préstamo. No debes nada.
guarantee-withdrawn = Lo retiraste: ya no respondes por este préstamo.
guarantee-released = Ya nadie necesita tu respuesta. No debes nada.
button-guarantee-agree = ✅ Respondo por este préstamo
button-guarantee-decline = ❌ No
button-guarantee-withdraw = ↩️ Retirarlo
