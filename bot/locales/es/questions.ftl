# Una pregunta por paso.
step-of = Paso { $step } de { $steps }
answer-now = Tu respuesta ahora: <b>{ $answer }</b>
answer-given = ✓ { $answer }

question-phone =
    <b>¿Cuál es tu número de teléfono?</b>
    Toca el botón de abajo para compartirlo. Te mandamos un código por SMS.
question-phone-code =
    <b>¿Qué código te mandamos?</b>
    Escribe los { $digits } números del SMS.
question-full-name =
    <b>¿Cuál es tu nombre completo?</b>
    Escríbelo como está en tu documento de identidad.
question-birth-date =
    <b>¿Cuándo naciste?</b>
    Escribe día, mes y año, por ejemplo 31.12.1990.
question-region =
    <b>¿Dónde vives?</b>
    Escribe tu ciudad y tu región.
question-employment = <b>¿Cómo te ganas la vida?</b>
question-employment-since = <b>¿Desde hace cuánto tiempo haces esto?</b>
question-residence = <b>¿En qué tipo de casa vives?</b>
question-dependents =
    <b>¿Cuántas personas viven de tus ingresos?</b>
    Sin contarte a ti.
question-document =
    <b>Manda una foto de tu documento de identidad.</b>
    Ponlo sobre una mesa con buena luz. Tu foto y todas las esquinas deben verse.
question-document-back =
    <b>Ahora el otro lado de tu documento.</b>
    El lado con las filas de letras y <code>&lt;&lt;&lt;</code>, si lo tiene. Deben verse todas las esquinas.
question-read-fields = <b>¿Es esto lo que dice tu documento?</b>
question-read-fields-hint = Si una línea está mal, toca su botón. Un error que se queda no le sirve a nadie.
question-document-name =
    <b>¿Qué nombre está en el documento?</b>
    Escríbelo como está impreso.
question-document-number =
    <b>¿Qué número está en el documento?</b>
    Escribe sus letras y cifras.
question-document-birth-date =
    <b>¿Qué fecha de nacimiento está en el documento?</b>
    Escribe día, mes y año, por ejemplo 31.12.1990.
question-document-expiry-date =
    <b>¿Hasta cuándo vale el documento?</b>
    Escribe día, mes y año, por ejemplo 31.12.2030.
read-field-typed = ↳ Escribiste: <b>{ $answer }</b>. Mira cuál es lo correcto, por favor.
question-selfie =
    <b>Manda una foto de tu cara.</b>
    Mira de frente a la cámara, con buena luz, sin gorra ni lentes oscuros.
question-product = <b>¿Qué préstamo quieres?</b>
question-amount =
    <b>¿Cuánto necesitas?</b>
    Escribe un monto de { $least } a { $most }.
question-frequency = <b>¿Cada cuánto quieres pagar?</b>
question-term = <b>¿Por cuánto tiempo?</b>
question-guarantor =
    <b>¿Quién responde por ti?</b>
    Esta persona paga el { $share } % del préstamo si tú no puedes. Comparte su contacto o escribe su número de teléfono. Le preguntamos cuando mandes la solicitud.
question-purpose = <b>¿Para qué es el dinero?</b>
question-income =
    <b>¿Cuánto ganas al mes?</b>
    Escribe el monto en { $currency }, por ejemplo 25000.
question-obligations =
    <b>¿Cuánto pagas al mes por otros préstamos?</b>
    Escribe el monto en { $currency }. Escribe 0 si no tienes.
question-wallet =
    <b>¿A qué billetera móvil te pagamos?</b>
    Tiene que ser tuya. Escribe su número de teléfono.

# Preguntas de algunos productos.
question-turnover =
    <b>¿Cuánto vendes al mes?</b>
    Escribe el monto en { $currency }, por ejemplo 80000.
question-suppliers =
    <b>¿A quién le compras tu mercancía?</b>
    Escribe uno o dos nombres.
question-buyer =
    <b>¿Quién tiene que pagar la factura?</b>
    Escribe el nombre de la empresa.
question-invoice-number = <b>¿Cuál es el número de la factura?</b>
question-invoice-amount =
    <b>¿De cuánto es la factura?</b>
    Escribe el monto en { $currency }, como está en la factura.
question-invoice-due-on =
    <b>¿Cuándo tiene que pagarla el comprador?</b>
    Escribe día, mes y año, por ejemplo 31.12.2027. Ese día pagas tu préstamo.
question-merchant-code =
    <b>¿Cuál es el código de la tienda?</b>
    Está en la caja. Le pagamos directamente a la tienda.
question-crop = <b>¿Qué cultivas con este dinero?</b>
question-acreage =
    <b>¿En cuántos acres?</b>
    Escribe un número, por ejemplo 2.5.
question-expected-yield =
    <b>¿Cuántos sacos esperas?</b>
    Escribe el número de sacos de 90 kg.
question-harvest-month =
    <b>¿Cuándo es la cosecha?</b>
    Pagas en el mes siguiente.

photo-received = Gracias, estoy mirando tu foto. Tarda unos segundos.
photo-is-read = ✓ Tu foto está bien. La estoy leyendo: unos segundos más.
photo-good = ✓ Tu foto está bien.
photo-again = Mándala otra vez, por favor:
photo-problem-picture-too-small = La foto es muy pequeña. Manda una más grande, por favor.
photo-problem-too-dark = Está muy oscuro. Busca más luz, por favor.
photo-problem-no-face = No veo una cara. Toda la cara debe verse en la foto.
photo-problem-several-faces = Veo más de una cara. Solo tú debes estar en la foto.
photo-problem-face-too-small = La cara se ve muy pequeña. Acércate, por favor.
photo-problem-blurred = La foto está borrosa. No muevas el teléfono.
photo-problem-too-bright = Hay demasiada luz. Aléjate un poco de la luz, por favor.
photo-problem-glare = La luz brilla sobre el documento. Inclínalo un poco, por favor.
photo-problem-no-document = No veo un documento. Ponlo sobre una mesa y toma la foto del lado donde está tu retrato.
photo-problem-several-documents = Veo más de un documento. Fotografía solo uno, por favor.
photo-problem-from-screen = Parece la foto de una pantalla. Fotografía el documento mismo, por favor.
photo-problem-cropped = Una parte del documento queda fuera. Deben verse sus cuatro esquinas.
photo-problem-document-too-small = El documento se ve muy pequeño. Acércate hasta que llene la foto, por favor.
photo-problem-askew = El documento se ve de lado. Sostén el teléfono justo encima, por favor.

phone-thanks = ✓ Gracias, ya tengo tu número.
button-share-phone = 📱 Compartir mi número
button-send-code-again = ✉️ Mandar otro código
button-other-phone = 📱 Otro número
button-use-my-phone = 📱 Mi propio teléfono
button-keep = 👍 Dejarla como está
button-read-right = ✅ Está bien
button-no-back = Ahí no hay nada
button-typed-full-name = ✏️ Lo que escribí: nombre
button-typed-birth-date = ✏️ Lo que escribí: fecha
button-nothing = 0 – nada
code-sent-again = Te mandamos un código nuevo.
code-after-stop = Pediste no recibir nuestros SMS, por eso el código no te llega. Manda START al número de nuestros SMS y después pide otro código.
code-after-stop-to = Pediste no recibir nuestros SMS, por eso el código no te llega. Manda START por SMS al { $number } y después pide otro código.
code-phone-bad = Nuestros SMS no llegan a este número. Revísalo y compártelo otra vez, o comparte otro: toca «Otro número».
code-phone-unreachable = Nuestros SMS no llegan a tu número. Escribe /human, por favor, y una persona te ayuda.

summary-title = <b>¿Está todo bien?</b>
summary-line = { $name }: <b>{ $answer }</b>
summary-hint = Toca un botón para cambiar una respuesta. Cuando todo esté bien, envía la solicitud.
summary-photo = ✓ foto recibida
button-submit = ✅ Todo está bien, enviar
field-phone = Teléfono
field-phone-code = Código
field-full-name = Nombre
field-birth-date = Nacimiento
field-region = Lugar
field-employment = Trabajo
field-employment-since = En este trabajo
field-residence = Vivienda
field-dependents = Dependientes
field-document = Documento
field-document-back = Documento, otro lado
field-read-fields = Lo que dice el documento
field-document-name = Nombre
field-document-number = Número
field-document-birth-date = Nacimiento
field-document-expiry-date = Vale hasta
field-selfie = Selfi
field-product = Préstamo
field-amount = Monto
field-frequency = Cada cuánto
field-term = Plazo
field-guarantor = Garante
field-turnover = Ventas al mes
field-suppliers = Proveedores
field-buyer = Comprador
field-invoice-number = Factura
field-invoice-amount = Monto de la factura
field-invoice-due-on = Vence la factura
field-merchant-code = Tienda
field-crop = Cultivo
field-acreage = Acres
field-expected-yield = Sacos esperados
field-harvest-month = Cosecha
field-purpose = Motivo
field-income = Ingreso al mes
field-obligations = Otros préstamos
field-wallet = Billetera

choice-employment-salaried = Tengo un empleo con sueldo
choice-employment-self-employed = Tengo mi propio negocio
choice-employment-casual = Hago trabajos por día
choice-employment-farmer = Trabajo en el campo
choice-employment-pensioner = Soy pensionado
choice-employment-student = Soy estudiante
choice-employment-none = Ahora no tengo trabajo
choice-employment-since-under-1-year = Menos de 1 año
choice-employment-since-1-to-4-years = De 1 a 4 años
choice-employment-since-4-to-7-years = De 4 a 7 años
choice-employment-since-over-7-years = Más de 7 años
choice-residence-own = Mi propia casa
choice-residence-rent = Pago alquiler
choice-residence-free = Vivo con mi familia, gratis
choice-dependents-0 = Nadie
choice-dependents-1 = 1
choice-dependents-2 = 2
choice-dependents-3 = 3
choice-dependents-4 = 4
choice-dependents-5 = 5 o más
choice-crop-maize = Maíz
choice-crop-beans = Frijoles
choice-crop-potatoes = Papas
choice-crop-rice = Arroz
choice-crop-vegetables = Verduras
choice-crop-coffee = Café
choice-crop-tea = Té
choice-crop-other = Otra cosa
choice-purpose-business = Mi negocio
choice-purpose-stock = Mercadería para vender
choice-purpose-school = La escuela
choice-purpose-medical = Médico o medicinas
choice-purpose-home = Mi casa
choice-purpose-farming = El campo
choice-purpose-emergency = Una emergencia
choice-purpose-other = Otra cosa

expected-contact = Toca el botón de abajo para compartir tu propio número, por favor.
expected-code = Escribe los números del código del SMS, por favor.
expected-text = Responde con palabras, en un mensaje de texto, por favor.
expected-date = Escribe una fecha, por favor, por ejemplo 31.12.1990.
expected-choice = Toca uno de los botones, por favor.
expected-amount = Escribe un monto en números, por favor, por ejemplo 25000.
expected-number = Escribe un número con cifras, por ejemplo 2.5.
expected-phone = Comparte el contacto de esa persona o escribe su número de teléfono.
expected-photo = Manda una foto, por favor.
expected-confirm = Toca un botón, por favor: ¿está bien, o qué línea está mal?
expected-wallet = Toca el botón o escribe tu propio número, por favor.
edit-taken = ✓ Cambié tu respuesta.
edit-not-taken = Ya no puedo tomar este cambio. Para cambiar una respuesta, usa los botones.
