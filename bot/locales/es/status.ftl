# Después de enviar la solicitud: espera, preguntas, respuesta, oferta.
summary-sent = ✅ <b>Tu solicitud está enviada.</b>
status-sent = <b>Tenemos tu solicitud.</b>
status-checking-photos = Estamos comparando tus fotos. Tarda como un minuto. Te escribimos aquí; no tienes que esperar.
status-in-review = Una persona de nuestro equipo la está mirando. No tienes que hacer nada. Te escribimos aquí en un día hábil.
status-question = <b>Tenemos una pregunta:</b>
    { $question }
status-question-hint = Escribe aquí tu respuesta, por favor.
status-question-answered = Gracias. Ya pasamos tu respuesta.

decision-declined = <b>Ahora no podemos darte este préstamo.</b>
decision-reasons = Las razones principales:
decision-change = Qué lo cambiaría: pide { $amount } por { $term }.
decision-declined-next = Puedes intentarlo otra vez cuando algo cambie. Si crees que es un error, una persona lo revisa: toca «Hablar con alguien».

reason-income-not-confirmed = No pudimos confirmar tus ingresos.
reason-obligations-too-high = Pagas demasiado por otros préstamos.
reason-information-contradicts = Algunas de tus respuestas no concuerdan entre sí.
reason-repayment-history = Préstamos anteriores no se pagaron a tiempo.
reason-suspected-fraud = No pudimos confirmar que tus datos sean verdaderos.

offer-approved = 🎉 <b>Tu préstamo de { $limit } está aprobado.</b>
offer-counter = <b>Podemos prestarte { $limit }</b> de los { $asked } que pediste.
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
offer-expired = <b>La oferta terminó.</b> Puedes pedir otra vez.

# Proofs that are wanted again.
proof-picture = <b>Necesitamos una nueva foto tuya.</b>
proof-phone-given = ✓ Gracias, tu nuevo número está confirmado.
proof-phone = <b>Necesitamos tu nuevo número de teléfono.</b>
