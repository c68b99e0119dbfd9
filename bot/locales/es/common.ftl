# Botones y frases que comparten muchas pantallas.
language-name = Español
language-question = <b>¡Hola! ¿Qué idioma hablas?</b>
language-changed = Hablaré contigo en español.
button-language = 🌐 Idioma
button-back = ⬅️ Atrás
button-help = ❓ Ayuda
button-human = 🙋 Hablar con alguien
button-continue = ▶️ Continuar
button-see-price = 🧮 Ver cuánto cuesta
button-my-loan = 📄 Mi préstamo
button-schedule = 📅 Fechas de pago
button-pay = 💳 Pagar
button-change = 🔧 Cambiar algo
button-calendar = 🗓 Para mi calendario
button-statement = 📑 Estado de cuenta (PDF)
button-receipts = 🧾 Recibos
button-status = 🔎 ¿Dónde estoy?
button-help-command = /help
button-cancel-yes = Sí, parar
button-cancel-no = No, seguir

help =
    <b>¿Cómo te ayudo?</b>

    /start – empezar o seguir donde quedaste
    /status – dónde estás ahora
    /back – cambiar tu última respuesta
    /loan – tu préstamo
    /schedule – tus fechas de pago
    /pay – pagar
    /language – otro idioma
    /human – hablar con una persona
    /cancel – parar tu solicitud

    Nunca te pedimos tu PIN ni una contraseña.
help-here = Puedes seguir aquí mismo:

human-waiting =
    <b>Una persona te ayudará.</b>
    Tu número es { $reference }. Te respondemos aquí en este chat, a más tardar el { $due }.
human-unknown =
    <b>Con gusto te ayudamos.</b>
    Primero necesitamos tu permiso para guardar tus mensajes. Mira cuánto cuesta un préstamo y toca «Pedir este préstamo». Después una persona puede hablar contigo.

stale-button = Este botón ya no vale. Aquí es donde estás ahora.
stale-toast = Este botón ya no vale.
unexpected = No entendí eso. Usa los botones o escribe /help, por favor.
not-now-command = Eso no es posible en este momento.
nothing-to-go-back-to = Esta es la primera pregunta. No se puede volver más atrás.
cancel-question = <b>¿Parar tu solicitud?</b> No usaremos tus respuestas.
canceled = <b>Tu solicitud está parada.</b> Puedes empezar de nuevo cuando quieras.
cancel-nothing = No hay ninguna solicitud que parar.
