# Cambiar un préstamo en curso: qué se puede, cuánto cuesta y el sí.
change-title = <b>¿Qué te ayudaría?</b>
change-date = 📅 Pagar una fecha más tarde
change-break = ⏸ Hacer una pausa
change-date-offer = <b>Pagar una fecha más tarde:</b> el pago del { $day }, a más tardar el { $latest }. Las demás fechas quedan igual.
change-break-offer = <b>Hacer una pausa:</b> el pago del { $day } y todos los siguientes, a más tardar el { $latest }.
change-price = Cuesta { $price }.
change-paid-out = <b>Recibes { $amount } ahora.</b> Es parte de lo que devuelves.
change-apr = Costo en un año (TAE) de lo que falta: <b>{ $after }</b> en vez de { $before }.
change-apr-same = Costo en un año (TAE) de lo que falta: { $after }, como antes.
change-free = No tiene cargo.
change-left = Puedes hacerlo { $count ->
        [one] una vez más
       *[other] { $count } veces más
    } este año.
change-person = Para cualquier otra cosa, habla con una persona: buscamos una manera contigo.
change-which-day = <b>¿Qué día quieres pagar en vez del { $day }?</b>
change-day = { $day }
change-another-day = 📅 Otro día
change-check = <b>Esto es lo que significa. ¿Estás de acuerdo?</b>
change-costs = En total pagas <b>{ $extra } más</b>: { $after } en vez de { $before }.
change-saves = En total pagas <b>{ $extra } menos</b>: { $after } en vez de { $before }.
change-same = En total pagas lo mismo: { $after }.
change-dates = <b>Tus pagos quedarían así</b>
change-last-date = Tu último pago: <b>{ $day }</b> en vez del { $before }.
change-yes = ✅ Sí, de acuerdo
change-done = ✅ <b>Listo.</b> Estas son tus fechas ahora.

ahead-offer = <b>Pagas por adelantado:</b> lo que pagas de más puede terminar antes el préstamo o hacer cada pago más pequeño.
ahead-shorter = 🏁 Terminar antes
ahead-smaller = 🪶 Pagos más pequeños
ahead-shorter-check = <b>Terminar antes: menos pagos, cada uno como ahora.</b>
ahead-smaller-check = <b>Pagos más pequeños, en las mismas fechas que ahora.</b>
ahead-chosen = ✅ <b>Listo.</b> Vale también para lo que adelantes después; puedes elegir otra vez.

suggestion-title = <b>Te proponemos un cambio en tu préstamo.</b> Nada cambia si no estás de acuerdo.
suggestion-button = 👀 Ver la propuesta
suggestion-reschedule = Otras fechas.
suggestion-pause = Una pausa.
suggestion-split = Un pago en partes más pequeñas.
suggestion-reage = Lo atrasado se reparte entre las fechas que vienen.
suggestion-reamortize = Lo que falta se reparte de nuevo entre las fechas que vienen.
suggestion-restructure = El resto del préstamo con nuevas condiciones.
suggestion-top_up = Más dinero, junto con el resto del préstamo, con nuevas condiciones.
suggestion-refinance = Un préstamo nuevo que paga lo que debes ahora.
suggestion-other = Un cambio en tu préstamo.
suggestion-agree = ✅ De acuerdo
suggestion-decline = ❌ No, gracias
suggestion-agreed = <b>Gracias.</b> Un colega lo revisa una vez más y luego te escribimos.
suggestion-declined = <b>Está bien.</b> Nada cambia. Si quieres hablarlo, pulsa “Hablar con una persona”.
