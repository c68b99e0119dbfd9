// How instants, days and amounts are written.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "long", year: "numeric" });
const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const timeOf = (instant) => clock.format(instant);
export const dayOf = (instant) => day.format(instant);
export const momentOf = (instant) => short.format(instant);
export const fromSeconds = (seconds) => new Date(seconds * 1000);

export function money(amount, currency) {
  const [whole, cents] = amount.replace("-", "").split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, "\u202f");
  return `${amount.startsWith("-") ? "−" : ""}${grouped}${cents ? `.${cents}` : ""} ${currency}`;
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

export function minorMoney(minor, currency) {
  const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  const written = String(minor).padStart(digits + 1, "0");
  return money(digits ? `${written.slice(0, -digits)}.${written.slice(-digits)}` : written, currency);
}
