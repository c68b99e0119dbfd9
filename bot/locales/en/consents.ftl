# What a person agrees to before we keep anything about them.
consents-title = <b>Before we start, please agree:</b>
consents-line = • { $summary }
consents-hint = You can take this back at any time. Until you agree, we keep nothing about you.
consents-again = <b>Our rules have changed. Please agree again:</b>
consents-agree = ✅ I agree
consents-read = 📖 Read everything
consents-back = ⬅️ Back to the price
consents-agreed = ✓ You agreed.
