# Lo que el menú del chat dice junto a cada comando.
command-start = Empezar o seguir
command-status = ¿Dónde estoy?
command-back = Cambiar mi última respuesta
command-loan = Mi préstamo
command-schedule = Mis fechas de pago
command-pay = Pagar
command-human = Hablar con alguien
command-language = Otro idioma
command-help = Ayuda
command-cancel = Parar mi solicitud
