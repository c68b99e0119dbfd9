# What the chat's menu says beside each command.
command-start = Start, or go on
command-status = Where am I?
command-back = Change my last answer
command-loan = My loan
command-schedule = My payment dates
command-pay = Pay
command-human = Talk to a person
command-language = Another language
command-help = Help
command-cancel = Stop my application
