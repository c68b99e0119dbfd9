# Lo que una persona acepta antes de que guardemos algo sobre ella.
consents-title = <b>Antes de empezar, acepta por favor:</b>
consents-line = • { $summary }
consents-hint = Puedes retirarlo en cualquier momento. Mientras no aceptes, no guardamos nada sobre ti.
consents-again = <b>Nuestras reglas cambiaron. Acéptalas otra vez, por favor:</b>
consents-agree = ✅ Acepto
consents-read = 📖 Leer todo
consents-back = ⬅️ Volver al precio
consents-agreed = ✓ Aceptaste.
