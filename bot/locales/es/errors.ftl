# Una frase por cada negativa prevista, según su código. Amable, corta, dice qué hacer.

# No previsto.
error-unexpected = Perdón, algo falló de nuestro lado (número { $reference }). No se perdió nada; lo intento otra vez.
error-unexpected-given-up = Perdón, esto no funcionó (número { $reference }). Inténtalo otra vez o escribe /human.
error-something-else = Esto no funcionó. Inténtalo otra vez o escribe /human.

# Respuestas.
error-name-not-readable = Escribe tu nombre y apellido con letras, como en tu documento, por favor.
error-date-not-readable = No puedo leer esto como una fecha. Escribe día, mes y año, por ejemplo 31.12.1990.
error-too-young = Debes tener al menos { $years } años para pedirnos un préstamo.
error-text-not-readable = No puedo leer esto. Escríbelo en pocas palabras, por favor.
error-amount-not-readable = No puedo leer esto como un monto. Escribe números, por ejemplo 25000.
error-amount-not-offered = Elige un monto de { $least } a { $most }, por favor.
error-invalid-amount = No puedo leer esto como un monto. Escribe números, por ejemplo 25000.
error-number-not-readable = Escribe un número con cifras, por ejemplo 2.5.
error-answer-out-of-range = Da una respuesta de { $least } a { $most }, por favor.
error-product-not-for-you = Este préstamo es para personas con otro trabajo o más ingresos. Elige otro, por favor.
error-guarantor-must-be-another = Este es tu propio número. Nombra a otra persona, por favor.
error-merchant-not-found = No conocemos una tienda con este código. Compruébalo con la tienda.
error-choice-not-known = Toca uno de los botones, por favor.
error-contact-expected = Toca el botón de abajo para compartir tu número; no lo escribas, por favor.
error-not-your-contact = Este no es tu propio número. Comparte el tuyo con el botón de abajo, por favor.
error-phone-not-usable = No podemos usar este número. Comparte un número de celular, por favor.
error-photo-expected = Manda una foto, por favor.
error-confirmation-expected = Toca un botón, por favor: ¿está bien, o qué línea está mal?
error-document-number-not-readable = Escribe el número como está en el documento: letras y cifras.
error-wallet-must-be-yours = Solo podemos pagar a la billetera de tu propio número.
error-too-many-messages = Escribiste { $most } mensajes en una hora. Espera, por favor, a que los leamos.
error-message-empty = No puedo leer este mensaje. Escríbelo con palabras, por favor.
error-term-has-passed = El día en que quieres pagarlo está muy cerca. Cámbialo, por favor.
error-term-not-offered = Elige uno de los plazos de los botones, por favor.
error-product-not-found = Este préstamo ya no se ofrece. Elige otro, por favor.

# Códigos.
error-code-wrong = { $left ->
        [one] Este código no es correcto. Te queda un intento.
       *[other] Este código no es correcto. Te quedan { $left } intentos.
    }
error-code-expired = Este código ya no sirve. Toca «Mandar otro código», por favor.
error-code-too-soon = { $seconds ->
        [one] Espera un segundo, por favor; después podemos mandar otro código.
       *[other] Espera { $seconds } segundos, por favor; después podemos mandar otro código.
    }
error-too-many-codes = Hoy ya mandamos demasiados códigos. Inténtalo mañana, por favor.

# Fotos.
error-picture-too-large = Este archivo pesa más de { $limit_mb } MB. Manda una foto más pequeña, por favor.
error-picture-format-unsupported = Solo puedo leer fotos (JPEG, PNG o WebP). Manda una foto, por favor.
error-file-format-unsupported = Solo puedo pasar fotos y documentos PDF.
error-picture-not-readable = No puedo abrir esta foto. Toma una nueva, por favor.
error-picture-too-many-pixels = Esta foto es demasiado grande para mí. Tómala con la cámara normal de tu teléfono.
error-picture-moves = Esta imagen se mueve. Manda una foto, por favor.
error-picture-check-failed = No pude mirar esta foto. Mándala otra vez, por favor.
error-picture-not-good = Toma esta foto otra vez, por favor.
error-picture-missing = Falta una foto. Mándala, por favor.

# Videomensajes.
error-challenge-expired = Tu videomensaje llegó demasiado tarde.
error-clip-older-than-challenge = Este videomensaje se grabó antes de que te lo pidiera. Graba uno nuevo, por favor.
error-clip-forwarded = Graba el videomensaje aquí y ahora, por favor; uno reenviado no cuenta.
error-act-unknown = Esto no es algo que pidamos.
error-clip-too-large = Este videomensaje pesa más de { $limit_mb } MB. Graba uno más corto, por favor.
error-clip-format-unsupported = Solo puedo ver videomensajes. Mantén pulsado el botón de la cámara del chat para grabar uno, por favor.
error-clip-not-readable = No puedo ver este videomensaje: está cortado o dañado. Grábalo de nuevo, por favor.
error-clip-without-picture = No veo ninguna imagen en este videomensaje. Grábalo de nuevo con la cámara, por favor.
error-clip-too-many-pixels = Este vídeo es demasiado grande para mí. Graba un videomensaje con el botón de la cámara del chat, por favor.
error-clip-too-long = Este videomensaje dura más de { $limit_seconds } segundos. Graba uno más corto, por favor.

# El camino.
error-not-registered = Empieza por ver cuánto cuesta un préstamo, por favor.
error-step-not-asked = Este botón ya no vale. Aquí es donde estás ahora.
error-no-open-application = En este momento no tienes ninguna solicitud.
error-not-all-answered = Todavía faltan algunas preguntas.
error-nothing-before = Esta es la primera pregunta. No se puede volver más atrás.
error-cannot-change = Esta respuesta ya no se puede cambiar. Si está mal, escribe /human y díselo a una persona.
error-already-borrowing = Tienes un préstamo con nosotros. Podrás pedir otro cuando esté pagado.
error-no-offer = En este momento no hay ninguna oferta.
error-offer-expired = La oferta terminó. Puedes pedir otra vez.
error-loan-looked-at = Una persona tiene que revisar algo antes de que tu préstamo empiece. Tu oferta sigue aquí; prueba más tarde o escribe /human.
error-outside-offer = Elige como máximo { $most }, por favor.
error-invalid-transition = Eso ya no es posible.
error-verification-not-collecting = Ya tenemos tus fotos.
error-verification-not-found = No tenemos fotos tuyas.
error-verification-reason-missing = Hace falta una razón.
error-chat-belongs-to-another = Este chat es de otra persona. Escribe /human, por favor.
error-contact-not-found = No conocemos a esta persona.
error-borrower-not-found = No conocemos a esta persona.
error-personal-data-erased = Tus datos se borraron, como pediste.
error-phone-not-proven = Comparte primero tu número de teléfono, por favor.
error-phone-not-e164 = No podemos usar este número de teléfono.
error-timezone-unknown = No conocemos esta zona horaria.
error-file-not-found = Este archivo no existe.

# Préstamos y dinero.
error-loan-not-found = No tienes ese préstamo.
error-loan-not-repayable = Este préstamo no se puede pagar ahora: todavía no se entregó o ya terminó.
error-repayment-in-other-currency = Paga en { $currency }, por favor.
error-no-wallet = El dinero de este préstamo fue a la tienda y no tienes un teléfono confirmado con nosotros: no hay billetera a la que pueda pedirle el pago. Con /pay ves de qué otra manera puedes pagar.
error-amount-above-payoff = { $most } es todo lo que debes. Elige como máximo eso, por favor.
error-repayment-not-found = No existe ese pago.
error-payout-not-failed = Puede que el dinero ya vaya en camino. Una persona lo mirará.
error-terms-not-serviced = No ofrecemos un préstamo así.
error-invalid-terms = No ofrecemos un préstamo así.
error-cap-passed = Este préstamo costaría más de lo que permite la ley de { $place } ({ $source }): { $measure ->
        [nominal_percent_per_month] la tasa nominal al mes
        [effective_percent_per_month] la tasa efectiva al mes
        [cost_percent_per_day] el costo al día
        [fees_percent_of_principal] las comisiones
        [late_percent_per_month] el costo por atraso al mes
        [late_amount] el costo por atraso
        [apr_eu_percent] el costo anual
        [apr_in_percent] el costo anual
       *[other] el costo total posible
    } sería { $value } y el máximo es { $most }.
error-no-annual-rate = No podemos calcular el costo de este préstamo.
error-ledger-checkpoint-not-found = No hemos firmado ningún punto de control con { $size } asientos.
error-ledger-entry-already-reversed = Este asiento ya se anuló.
error-ledger-entry-not-found = El libro no tiene ese asiento.
error-ledger-entry-not-sealed = Este asiento se hizo hace un momento. Su prueba llega con el próximo punto de control, en unos minutos.
error-ledger-reference-reused = Este asiento existe y dice otra cosa.
error-rail-reference-reused = Este pago ya se recibió.
error-rail-transfer-known = Este dinero ya está en los libros.
error-parts-stand-already = Los pagos de esta suma pueden estar ya en los libros.
error-settled-before-ordered = El dinero no pudo moverse antes de que se ordenara.
error-money-was-set-aside = Este dinero espera a una persona, o ya se devolvió.
error-rail-callback-malformed = El mensaje de pago no se puede leer.
error-rail-not-found = Esta forma de pago no está conectada.
error-rail-signature-invalid = El mensaje de pago no está firmado.
error-suspense-item-not-found = No existe esa partida.
error-money-of-a-loan = Este dinero se envió para un préstamo.
error-more-than-by-hand = No se anotó tanto a mano.
error-did-not-leave-twice = Este dinero no salió dos veces.
error-written-off-before = Ya se dio por perdido.
error-refund-reference-used = Este pago ya se usó para otra partida.
error-training-groups-too-small = La columna { $column } no tiene dos grupos de { $needed } filas para comparar.
error-risk-alert-not-found = No existe esa alerta.
error-incident-not-found = No existe ese incidente.
error-refund-under-way = Este dinero ya va de regreso a quien lo pagó.
error-refund-at-provider = Esto se pagó con tarjeta. Devuélvelo en el panel del proveedor de pagos y escribe aquí con qué pago.
error-no-chat = No tenemos un chat para mandar la factura. Elige otra forma de pagar, por favor.
error-invoice-not-payable = Esta factura ya no se puede pagar y no se te cobró nada. Pide una nueva con /pay, por favor.
error-invoice-paid = Esta factura ya está pagada y no se te cobró nada más. ¡Gracias!
error-invoice-differs = El monto de esta factura cambió y no se te cobró nada. Pide una nueva con /pay, por favor.
error-invoice-not-owed = Ahora debes menos que esto y no se te cobró nada. Pide una factura nueva con /pay, por favor.
error-nobody-to-refund = Nadie sabe de quién es el dinero, o esa persona no tiene un teléfono probado.
error-repayment-reversed = Este pago ya se había devuelto.
error-break-not-found = No existe esa diferencia, o ya se arregló.
error-break-act-not-possible = Así no se arregla una diferencia como esta.
error-funder-not-found = No existe ese financiador.
error-funding-pool-not-found = No existe ese fondo.
error-funding-stake-not-found = No existe esa participación.
error-funding-name-taken = Ya existe uno con ese nombre.
error-funding-withdrawal-not-found = No existe ese retiro pendiente.
error-opening-balance-is-so = Los libros ya dicen justo esto.
error-pool-currency-differs = Este fondo está en { $currency }.
error-capital-not-free = Solo { $free } está libre: el resto está prestado o prometido.
error-capital-amount-differs = Con esa referencia llegaron { $waits }: esperan a una persona.
error-capital-reference-used = Ese pago ya se anotó antes.
error-refund-not-movable = { $rail } solo mueve múltiplos de { $least } { $currency }. Devuelve el dinero por fuera y anota ese pago, o déjalo.
error-not-shared-out = Desde { $since } todavía no se ha repartido nada entre los financiadores. Se hace cada noche.
error-payout-not-held = Ahí no hay ningún pago que espere dinero.
error-payout-not-settled = No hay nada de este pago que retomar: nunca llegó, o ya está en los libros.
error-return-not-proven = La red de pagos no ha dicho que este dinero haya vuelto.
error-returned-amount-differs = Volvió otro importe que el que salió: { $theirs } en lugar de { $ours }.
error-capital-return-differs = El banco del inversor retiró otro importe que el que llegó: { $theirs } en lugar de { $ours }.
error-return-not-possible = El préstamo cambió desde entonces, y el cambio no puede ser sin este dinero. Deshaz primero el cambio.
error-order-not-found = No existe esa orden.
error-order-not-in-review = Nadie necesita decidir esta orden.

# Personal.
error-merchant-code-taken = Ya hay una tienda con este código.
error-application-not-found = No existe esa solicitud.
error-job-not-dead = Esta tarea no ha fallado.
error-day-not-reached = Ese día aún no ha llegado.
error-paid-in-future = El día del pago está en el futuro.
error-case-not-found = No existe ese caso.
error-case-resolved = Este caso está cerrado.
error-decline-reasons-needed = Hacen falta de una a cuatro razones conocidas.
error-case-needs-decision = Este caso necesita una decisión: hay que aprobarlo o rechazarlo.
error-pictures-awaited = Se pidieron fotos nuevas. El caso sigue cuando se hayan revisado.
error-case-without-pictures = En este caso no hay fotos que pedir otra vez.
error-second-staff-needed = Una segunda persona tiene que estar de acuerdo.
error-proposal-differs = Ya se propuso otra cosa. Confírmala o retírala primero.
error-proposal-not-found = No existe esa propuesta.
error-not-logged-in = Inicia sesión, por favor.
error-login-refused = El nombre o la contraseña no son correctos.
error-too-many-logins = Demasiados intentos. Espera un poco, por favor.
error-too-many-reveals = Hoy ya abriste demasiados expedientes.
error-too-many-lookups = Hoy ya buscaste demasiados números.
error-too-many-requests = Demasiadas solicitudes. Espera un poco, por favor.
error-metrics-closed = Estos números no son para todos.
error-form-not-ours = Este formulario no es de una página nuestra. Abra la página otra vez.
error-role-forbids = Tu función no permite esto.
error-staff-not-found = No existe esa persona del equipo.
error-staff-name-taken = Este nombre ya está en uso.
error-invalid-staff-name = Este nombre no se puede usar.
error-password-too-weak = Esta contraseña es demasiado débil.
error-idempotency-key-reused = Esta petición ya se hizo con otro contenido.
error-service-not-connected = Este servicio no está conectado.
error-webhook-forged = El mensaje no está firmado.
error-webhook-not-understood = El mensaje no se entiende.
error-webhook-off = Este servicio está apagado.

# Decisiones y modelos.
error-decision-not-found = No existe esa decisión.
error-decision-made-by-another = La decisión la tomó otro modelo u otra política.
error-feature-unknown = No existe esa característica.
error-policy-cases-refused = Los casos no se pueden usar: { $problem }.
error-risk-version-not-found = Ningún { $kind } empieza por { $sha256 }. Regístralo primero.
error-risk-version-ambiguous = Más de un { $kind } empieza por { $sha256 }. Da más de su huella.
error-model-not-for-applications = El modelo necesita { $column }, que ninguna solicitud tiene.
error-risk-line-up-moved = Ahora está otro en ese lugar: mira de nuevo quién decide.
error-risk-seat-taken = Este modelo con esta política ya es { $role }.
error-risk-seat-empty = No hay tal { $role } que quitar.
error-risk-nothing-before = Nada decidía antes del campeón actual.
error-risk-nothing-to-contest = No hay un campeón solo de estos productos al que disputarle el puesto.
error-risk-promotion-held = La puerta lo detiene: { $problems }
error-risk-promotion-turned = La puerta lo detiene desde que se propuso: { $problems } Retíralo y proponlo de nuevo.
error-model-calibrator-unknown = El modelo no se puede usar.
error-cluster-unreachable = No se puede llegar al clúster de cálculo.
error-cluster-worker-lost = Se perdió un proceso de cálculo.
error-rescoring-folder-of-another-run = La carpeta es de otra ejecución.
error-rescoring-rows-unreadable = No se pueden leer las filas.
error-growing-too-few-held-out = Hay muy pocas filas de ambos resultados.
error-model-changed = El modelo cambió y no se puede usar.
error-model-column-missing = A los datos les falta una columna que el modelo necesita.
error-model-definition-mismatch = El modelo no encaja con este programa.
error-model-disagrees = El modelo no da sus propias respuestas guardadas.
error-model-library-mismatch = El modelo se hizo con otra versión.
error-model-manifest-unreadable = El manifiesto del modelo no se puede leer.
error-model-not-found = No hay ningún modelo.
error-model-scorecard-unreadable = La tabla de puntos del modelo no se puede leer.
error-model-value-not-a-number = Los datos tienen un valor que no es un número.
error-index-refused = El índice no se puede usar.
error-policy-refused = La política no se puede usar.
error-snapshot-unreadable = La instantánea no se puede leer.
error-training-column-mixed = Una columna mezcla números y texto.
error-training-data-too-large = Los datos son demasiado grandes.
error-training-data-unreadable = Los datos no se pueden leer.
error-training-folder-in-use = La carpeta ya está en uso.
error-training-mapping-refused = El mapa no se puede usar.
error-training-monotone-refused = Las direcciones monótonas no se pueden usar.
error-training-no-columns = No queda ninguna columna útil.
error-training-nothing-learned = Los datos no distinguen lo bueno de lo malo.
error-training-nothing-to-compare = { $folder } no tiene gemelo en puntos con que comparar: indica un segundo modelo.
error-training-target-constant = El objetivo es igual en todas las filas.
error-training-target-leaks = Una columna ya contiene la respuesta.
error-training-target-not-binary = El objetivo debe ser 0 o 1.
error-training-target-too-rare = El objetivo tiene muy pocas filas de un tipo.
error-training-time-missing = Algunas filas no tienen fecha.
error-training-time-stands-still = La columna { $column } es igual en todas las filas: ninguna es más nueva que otra.
error-training-time-unordered = La columna no es una fecha que se pueda ordenar.

# Garantes y grupos.
error-guarantor-missing = Falta el sí de alguien que debe responder por este préstamo.
error-guarantor-already-asked = Ya le preguntamos a esta persona. Nombra a otra, por favor.
error-guarantee-not-found = No conocemos esta invitación. Revísala o pide una nueva.
error-guarantee-not-asked = Esto ya se contestó, o ya no hace falta.
error-too-late-to-withdraw = El dinero ya se pagó. Es tarde para retirarlo.
error-payout-under-way = El dinero va en camino y ya no se puede parar.
error-group-not-found = No existe ese grupo.
error-already-in-group = Esta persona ya está en un grupo.
error-member-unknown = Solo personas con su teléfono confirmado pueden estar en un grupo.
error-not-in-group = Este préstamo es para grupos de al menos dos personas.
error-group-is-late = Un préstamo de tu grupo tiene más de { $days } días de atraso. Cuando se pague, puedes pedir.
error-member-still-borrows = Hay un préstamo activo en este grupo. Nadie puede salir antes de que se pague.
error-loan-event-not-possible = Esto no se puede hacer con este préstamo tal como está.
error-change-not-possible = El préstamo no se puede cambiar así. { $because ->
        [no_such_due_date] Ese día no vence ningún pago.
        [before_restructuring] Ese pago es de antes de que cambiara el préstamo.
        [nothing_left_to_pay] Tiene que quedar algún pago que devuelva el préstamo.
        [nothing_left_to_come] No queda ningún pago por vencer.
        [not_after_the_one_before] La nueva fecha tiene que ser posterior al pago anterior.
        [not_before_the_one_after] La nueva fecha tiene que ser anterior al pago siguiente.
        [not_between_its_neighbors] Las nuevas fechas tienen que estar entre los pagos vecinos.
        [not_after_reageing] La primera fecha nueva tiene que estar en el futuro.
        [not_after_the_change] La primera fecha nueva tiene que estar en el futuro.
        [no_such_payment] No existe ese pago.
        [more_than_credit] Eso es más de lo que se pagó por adelantado.
        [more_than_owed] Eso es más de lo que se debe.
        [more_than_payoff] Eso es más de lo que hace falta para terminar el préstamo.
        [in_another_pause] En esos días ya hay una pausa.
        [not_in_a_pause] Ese día no hay ninguna pausa.
        [spread_anew] Sus pagos ya se repartieron de nuevo antes.
        [not_running] No está en curso.
        [charged_off] No está en curso, o se dio por perdido.
        [no_principal] Ya no se debe nada de lo prestado.
        [written_off] Se dio por perdido.
        [not_paid_out] El dinero todavía no se ha pagado.
        [overdue] Hay un pago atrasado.
        [not_offered] Este préstamo no lo ofrece.
       *[other] Una persona puede ayudarte.
    }
error-change-not-offered = Este cambio no se puede hacer ahora. Una persona puede buscar otra salida.
error-amendment-not-found = No conocemos este cambio.
error-amendment-outdated = El préstamo cambió desde entonces. Por favor, revise el cambio otra vez.
error-top-up-under-way = El dinero para el préstamo { $loan } está en camino. Cuando llegue, el préstamo se podrá cambiar de nuevo.
error-consent-missing = Primero tiene que aceptar quien tomó el préstamo.
error-weights-missing = Falta el archivo { $name }: make models lo trae.
error-weights-altered = El archivo { $name } no es el que se probó. No se leyó nada con él.
error-weights-not-fetched = { $client } no trajo { $package }.
error-file-erased = Este archivo se destruyó al terminar el plazo para conservarlo.
error-screening-list-not-readable = Esto no es una lista completa de un publicador conocido: { $why }. No se cargó nada de ella.
error-screening-list-shrank = La lista nueva tiene menos de la mitad de las { $before } entradas que tenía. Si es correcto, cárgala con --may-shrink.
error-screening-folder-not-readable = No se puede leer la carpeta { $folder }.
error-erasure-loan-owed = Todavía se debe un préstamo o está en camino. La persona podrá olvidarse cuando esté saldado.
error-erasure-application-open = Todavía hay una solicitud abierta. Primero hay que decidirla o cancelarla.
error-erasure-case-open = Todavía hay un caso abierto de esta persona. Primero hay que resolverlo.
error-erasure-guarantee-stands = Esta persona responde por un préstamo ajeno que no está saldado.
error-erasure-law-keeps = La ley nos obliga a conservar estos datos hasta el { $until }: { $law }.
