# El videomensaje que muestra que hay alguien ahí.
question-video =
    <b>Muéstranos que estás ahí.</b>
    Te pedimos tres pequeños movimientos en un videomensaje: un video redondo de unos diez segundos. Busca buena luz, que solo tú salgas en la imagen y sostén el teléfono frente a tu cara. Después toca el primer botón. Desde ese momento tienes { $seconds } segundos.
help-video =
    <b>¿Cómo se graba un videomensaje?</b>
    Toca una vez el micrófono en la línea de mensajes: se convierte en una cámara. Mantenla pulsada mientras haces los movimientos y después suéltala. Funciona en Telegram en un teléfono. Si tu teléfono no puede, o no puedes hacer esos movimientos, toca «No puedo hacerlo»: entonces una persona de nuestro equipo mira tus fotos.
field-video = Videomensaje
expected-video = Solo cuenta un videomensaje grabado aquí: toca el micrófono una vez, se vuelve cámara, y mantenla pulsada. Si no puedes, toca el botón.
proof-video = <b>Necesitamos un nuevo videomensaje tuyo.</b>

# Los signos de los movimientos también los lee el teléfono del sandbox.
video-acts = <b>Graba ahora un videomensaje. Haz esto, una cosa tras otra:</b>
act-turn-left = ⬅️ Gira la cabeza hacia tu izquierda y vuelve.
act-turn-right = ➡️ Gira la cabeza hacia tu derecha y vuelve.
act-blink-twice = 👀 Mira a la cámara y parpadea dos veces.
act-open-mouth = 😮 Abre bien la boca y ciérrala.
act-come-closer = 🔍 Acerca despacio el teléfono a tu cara.
video-how = En la línea de mensajes, toca una vez el micrófono para que se convierta en una cámara; después mantenla pulsada y graba. Mándalo en { $seconds } segundos.
video-received = Gracias, estoy mirando tu videomensaje. Tarda unos segundos.
video-taken = ✓ Gracias, tengo tu videomensaje.
video-waived = ✓ Gracias. Una persona de nuestro equipo mirará tus fotos. Puedes seguir aquí.
video-over =
    <b>Una persona de nuestro equipo mirará tus fotos.</b>
    Ya no necesitas ningún videomensaje. Toca el botón para seguir.
video-again = Cuando quieras, te doy otros movimientos:
video-problem = No pude verlo todo bien. Grábalo de una sola vez, con buena luz y sin nadie más en la imagen, por favor.
video-problem-no-face = No veo tu cara. Sostén el teléfono frente a ella, con buena luz, por favor.
video-problem-face-lost = Tu cara salió de la imagen por un momento. Quédate dentro, por favor.
video-problem-face-too-small = Tu cara se ve muy pequeña. Acerca más el teléfono, por favor.
video-problem-several-faces = Veo más de una cara. Solo tú debes salir en la imagen, por favor.
video-problem-too-short = El videomensaje es demasiado corto. Tómate tu tiempo para los tres movimientos, por favor.
video-problem-turn-left-not-found = No vi que giraras la cabeza hacia tu izquierda y volvieras. Gírala un poco más, por favor.
video-problem-turn-right-not-found = No vi que giraras la cabeza hacia tu derecha y volvieras. Gírala un poco más, por favor.
video-problem-blink-twice-not-found = No te vi parpadear dos veces. Mira a la cámara, con buena luz, y parpadea dos veces con claridad, por favor.
video-problem-open-mouth-not-found = No vi que abrieras y cerraras la boca. Ábrela bien, por favor.
video-problem-come-closer-not-found = No vi que te acercaras. Acerca el teléfono con claridad, por favor.
video-problem-acts-out-of-order = Vi los movimientos en otro orden. Haz solo lo que te pido, una cosa tras otra, por favor.
button-ready = 🎥 Ya puedo
button-unable = 🙂 No puedo hacerlo

error-video-note-expected = Graba un videomensaje, por favor; aquí no sirven las palabras. Si no puedes hacerlo, toca el botón.
error-clip-not-asked = Ahora no puedo usar este videomensaje. Toca el primer botón de abajo, por favor.
error-clip-under-way = Todavía estoy mirando tu videomensaje.
error-clip-not-good = Graba otro videomensaje, por favor.
error-file-not-fetched = No puedo abrir este archivo. Mándalo de nuevo, por favor.
