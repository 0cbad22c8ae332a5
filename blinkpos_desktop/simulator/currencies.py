"""Thirty of Blink's display currencies, and prices near 100,000 USD per bitcoin."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DisplayCurrency:
    """A currency as `currencyList` states it, and its price at the start."""

    id: str
    symbol: str
    name: str
    flag: str
    fraction_digits: int
    minor_units_per_btc: int
    """The price of one bitcoin in whole minor units."""


CURRENCIES = (
    DisplayCurrency("USD", "$", "US Dollar", "🇺🇸", 2, 10_000_000),
    DisplayCurrency("EUR", "€", "Euro", "🇪🇺", 2, 8_620_000),
    DisplayCurrency("GBP", "£", "British Pound", "🇬🇧", 2, 7_480_000),
    DisplayCurrency("CHF", "CHF", "Swiss Franc", "🇨🇭", 2, 8_050_000),
    DisplayCurrency("CAD", "$", "Canadian Dollar", "🇨🇦", 2, 13_780_000),
    DisplayCurrency("AUD", "$", "Australian Dollar", "🇦🇺", 2, 15_310_000),
    DisplayCurrency("JPY", "¥", "Japanese Yen", "🇯🇵", 0, 14_760_000),
    DisplayCurrency("KRW", "₩", "South Korean Won", "🇰🇷", 0, 138_900_000),
    DisplayCurrency("VND", "₫", "Vietnamese Dong", "🇻🇳", 0, 2_630_000_000),
    DisplayCurrency("XOF", "CFA", "West African CFA Franc", "🇸🇳", 0, 56_500_000),
    DisplayCurrency("XAF", "FCFA", "Central African CFA Franc", "🇨🇲", 0, 56_500_000),
    DisplayCurrency("CLP", "$", "Chilean Peso", "🇨🇱", 0, 96_400_000),
    DisplayCurrency("KWD", "KD", "Kuwaiti Dinar", "🇰🇼", 3, 30_550_000),
    DisplayCurrency("BHD", "BD", "Bahraini Dinar", "🇧🇭", 3, 37_700_000),
    DisplayCurrency("TND", "DT", "Tunisian Dinar", "🇹🇳", 3, 289_000_000),
    DisplayCurrency("BRL", "R$", "Brazilian Real", "🇧🇷", 2, 54_300_000),
    DisplayCurrency("MXN", "$", "Mexican Peso", "🇲🇽", 2, 186_500_000),
    DisplayCurrency("ARS", "$", "Argentine Peso", "🇦🇷", 2, 13_300_000_000),
    DisplayCurrency("COP", "$", "Colombian Peso", "🇨🇴", 2, 40_200_000_000),
    DisplayCurrency("CRC", "₡", "Costa Rican Colón", "🇨🇷", 2, 5_040_000_000),
    DisplayCurrency("GTQ", "Q", "Guatemalan Quetzal", "🇬🇹", 2, 76_700_000),
    DisplayCurrency("HNL", "L", "Honduran Lempira", "🇭🇳", 2, 262_000_000),
    DisplayCurrency("NGN", "₦", "Nigerian Naira", "🇳🇬", 2, 15_350_000_000),
    DisplayCurrency("ZAR", "R", "South African Rand", "🇿🇦", 2, 176_800_000),
    DisplayCurrency("KES", "KSh", "Kenyan Shilling", "🇰🇪", 2, 1_292_000_000),
    DisplayCurrency("INR", "₹", "Indian Rupee", "🇮🇳", 2, 876_000_000),
    DisplayCurrency("IDR", "Rp", "Indonesian Rupiah", "🇮🇩", 2, 162_500_000_000),
    DisplayCurrency("THB", "฿", "Thai Baht", "🇹🇭", 2, 324_000_000),
    DisplayCurrency("TRY", "₺", "Turkish Lira", "🇹🇷", 2, 409_000_000),
    DisplayCurrency("PLN", "zł", "Polish Zloty", "🇵🇱", 2, 36_600_000),
)
