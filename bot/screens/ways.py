"""The ways out that stand under every screen: nobody is ever stuck."""

from bot.callbacks import Menu
from bot.screens.base import Button
from bot.text import Words


def help_and_human(words: Words) -> list[Button]:
    return [
        (words.label("button-help"), Menu.HELP),
        (words.label("button-human"), Menu.HUMAN),
    ]


def to(menu: Menu, words: Words) -> Button:
    labels = {
        Menu.STATUS: "button-status",
        Menu.PRICES: "button-see-price",
        Menu.LOAN: "button-my-loan",
        Menu.SCHEDULE: "button-schedule",
        Menu.PAY: "button-pay",
        Menu.CHANGE: "button-change",
        Menu.CALENDAR: "button-calendar",
        Menu.STATEMENT: "button-statement",
        Menu.RECEIPTS: "button-receipts",
        Menu.LANGUAGE: "button-language",
        Menu.HELP: "button-help",
        Menu.HUMAN: "button-human",
    }
    return words.label(labels[menu]), menu
