"""The whole sandbox as one object: its people and its stand-ins, started and stopped together."""

from dataclasses import dataclass, field
from pathlib import Path

from kit.clock import Clock
from sandbox.bus import Bus
from sandbox.clock import ClockControl
from sandbox.mpesa.state import Mpesa, MpesaAccount
from sandbox.outgoing import Outgoing
from sandbox.people import NewPerson, People, Person
from sandbox.sms import delivery
from sandbox.sms.state import Sms, SmsAccount
from sandbox.store import Store
from sandbox.surroundings import Surroundings
from sandbox.telegram.state import BotAccount, Telegram
from sandbox.vendor.app import Vendor
from sandbox.wallet import transfers
from sandbox.wallet.state import Wallet, WalletAccount


@dataclass(frozen=True)
class SandboxConfig:
    bot: BotAccount
    sms: SmsAccount
    wallet: WalletAccount
    mpesa: MpesaAccount = field(default_factory=MpesaAccount)
    vendor_key: str = "sandbox-vendor"
    """Of the provider of identity checks."""
    folder: Path | None = None
    """Where everything is kept over a restart; None keeps it in memory."""
    hosts: tuple[str, ...] = ()
    """Host names besides loopback under which the sandbox may be called."""


class World:
    def __init__(self, config: SandboxConfig, clock: Clock, control: ClockControl) -> None:
        self.config = config
        self.control = control
        self.store = Store(config.folder)
        self.bus = Bus()
        self.outgoing = Outgoing()
        self.people = People(self.store, self.bus)
        surroundings = Surroundings(clock, self.store, self.bus, self.outgoing)
        self.telegram = Telegram(config.bot, surroundings)
        self.sms = Sms(config.sms, surroundings)
        self.wallet = Wallet(config.wallet, surroundings, self.people)
        self.mpesa = Mpesa(config.mpesa, surroundings)
        self.vendor = Vendor(config.vendor_key)
        for person in self.people.list():
            self.telegram.enrol(person)

    def add_person(self, newcomer: NewPerson) -> Person:
        person = self.people.add(newcomer)
        self.telegram.enrol(person)
        return person

    def start(self) -> None:
        """Inside the running loop: what a stop has interrupted goes on."""
        self.telegram.updates.resume()
        delivery.resume(self.sms)
        transfers.resume(self.wallet)

    def hang_up(self) -> None:
        """Ends what holds connections open, so that a server can stop at once."""
        self.bus.close()
        self.telegram.updates.hang_up()

    async def close(self) -> None:
        self.hang_up()
        await self.outgoing.close()
        self.store.close()
