"""Names as common as in their countries, to measure how often strangers look like listed people."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

_POOLS = {
    "arabic": (
        "Mohammed Ahmed Ali Hassan Hussein Mahmoud Ibrahim Khalid Omar Yousef Abdullah Mustafa "
        "Tariq Samir Faisal Salem Nasser Jamal Walid Karim Bilal Hamza Saad Rashid Majid Adel "
        "Fatima Aisha Maryam Khadija Zainab Layla Noor Huda Salma Amina",
        "Haddad Khoury Mansour Saleh Najjar Hamdan Shaheen Qasim Darwish Sabbagh Masri Tamimi "
        "Zaidi Ansari Bakr Juburi Dulaimi Samarrai Tikriti Ghamdi Otaibi Harbi Qahtani Shehri "
        "Maliki Rifai Barakat Jaber Nassar Awad Issa Sultan Hariri Aziz Obeid Sayegh Fares Habib "
        "Khalil Zidan Hashimi Kaabi Mutairi Dosari Anzi Zahrani Hakim Rahman Naimi Shammari",
    ),
    "russian": (
        "Aleksandr Sergei Dmitri Andrei Aleksei Maksim Ivan Mikhail Nikolai Vladimir Pavel Igor "
        "Oleg Yuri Viktor Konstantin Evgeni Roman Denis Anatoli Boris Vadim Elena Olga Natalia "
        "Tatiana Irina Svetlana Ekaterina Anna Maria Galina",
        "Ivanov Smirnov Kuznetsov Popov Vasiliev Petrov Sokolov Mikhailov Novikov Fedorov Morozov "
        "Volkov Alekseev Lebedev Semenov Egorov Pavlov Kozlov Stepanov Nikolaev Orlov Andreev "
        "Makarov Nikitin Zakharov Zaitsev Soloviev Borisov Yakovlev Grigoriev Romanov Vorobiev "
        "Sergeev Kuzmin Frolov Aleksandrov Dmitriev Korolev Gusev Kiselev Ilin Maksimov Polyakov "
        "Sorokin Vinogradov Kovalev Belov Medvedev Antonov Tarasov Zhukov Baranov Filippov",
    ),
    "spanish": (
        "Juan Jose Luis Carlos Jorge Miguel Pedro Manuel Francisco Antonio Jesus Alejandro Rafael "
        "Fernando Ricardo Javier Eduardo Roberto Diego Andres Maria Ana Rosa Carmen Luz Gloria "
        "Martha Patricia Claudia Sandra Alberto Enrique",
        "Garcia Rodriguez Martinez Hernandez Lopez Gonzalez Perez Sanchez Ramirez Torres Flores "
        "Rivera Gomez Diaz Reyes Morales Cruz Ortiz Gutierrez Chavez Ramos Ruiz Alvarez Mendoza "
        "Vasquez Castillo Jimenez Moreno Romero Herrera Medina Aguilar Castro Vargas Guzman "
        "Mendez Munoz Salazar Rojas Guerrero Delgado Ortega Contreras Cardenas Londono Buitrago "
        "Giraldo Ospina Restrepo Zapata Quintero Arango Henao Velez",
    ),
    "persian": (
        "Mohammad Ali Reza Hossein Mehdi Hassan Amir Ahmad Javad Saeed Masoud Hamid Majid Behrouz "
        "Davoud Farhad Kamran Abbas Gholam Rahim Zahra Fatemeh Maryam Leila Nasrin Akbar",
        "Ahmadi Mohammadi Hosseini Rezaei Karimi Moradi Jafari Rahimi Hashemi Sadeghi Ebrahimi "
        "Mousavi Rostami Zare Ghasemi Heidari Shirazi Tehrani Asadi Nazari Kazemi Mirzaei Salehi "
        "Akbari Soltani Bagheri Norouzi Tabrizi Esfahani Khorasani Safavi Bahrami Farahani",
    ),
    "korean": (
        "Jong Chol Yong Su Myong Ho Kwang Il Song Nam Hyok Chun Sok Tae Un Min Hak Chan Won Kil "
        "Man Hui Ryong Sun",
        "Kim Ri Pak Choe Chong Kang Cho Yun Chang Im Han O So Sin Kwon Hwang An Song Ryu Hong",
    ),
    "chinese": (
        "Wei Min Jun Lei Qiang Tao Ming Hui Jian Hong Yan Feng Gang Xin Hua Ying Bo Jie Ping Chao "
        "Xiaoming Zhiwei Guoqiang Jianguo Xiaoli Weidong Haiyan Lihua",
        "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng "
        "Liang Xie Tang Song Deng Han Feng Cao Peng Zeng Xiao Tian Dong Pan Yuan Cai Jiang",
    ),
    "east_african": (
        "John Peter James Joseph David Daniel Samuel Stephen Moses Brian Kevin Dennis Mary Grace "
        "Faith Mercy Joyce Esther Ruth Jane Lucy Agnes Rose Ann Abdi Hassan Fatuma Halima Juma "
        "Musa Innocent Emmanuel Patrick",
        "Mwangi Otieno Ochieng Kamau Njoroge Kimani Kipchoge Cheruiyot Mutua Musyoka Wanjiku "
        "Achieng Akinyi Wambui Njeri Chebet Kiprop Omondi Odhiambo Onyango Karanja Kariuki Maina "
        "Macharia Wafula Barasa Simiyu Wekesa Nyambura Wairimu Muthoni Atieno Adhiambo Kiptoo "
        "Korir Rotich Koech Langat Mohamed Abdullahi Farah Warsame Nkurunziza Habimana Bizimana "
        "Mukamana Uwimana Ndayishimiye Lubanga Kabila Tshisekedi Mbeki Okello Museveni Akena",
    ),
    "english": (
        "John James Robert Michael William David Richard Thomas Charles Christopher Daniel Matthew "
        "Mary Patricia Jennifer Linda Elizabeth Barbara Susan Sarah Karen Emma Oliver George Jack",
        "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore "
        "Jackson Martin Lee Thompson White Harris Clark Lewis Robinson Walker Young Allen King "
        "Wright Scott Hill Green Adams Baker Nelson Carter Mitchell Roberts Turner Phillips "
        "Campbell Parker Evans Edwards Collins Stewart Morris Murphy Cook Rogers Cooper Reed",
    ),
}
CULTURES = tuple(_POOLS)
_LISTED = {"arabic": 34, "russian": 22, "spanish": 16, "persian": 10, "korean": 5, "chinese": 5,
           "east_african": 5, "english": 3}  # fmt: skip
"""About the shares of cultures among the persons of the sanctions lists."""
_SYLLABLES = [f"{consonant}{vowel}" for consonant in "bdfghjklmnprstvz" for vowel in "aeiou"]


@dataclass(frozen=True)
class Named:
    name: str
    culture: str
    year: int


def listed(count: int, seed: int = 1) -> list[Named]:
    """People as lists have them: most with a family name that few others have."""
    rng = random.Random(seed)
    cultures = rng.choices(list(_LISTED), list(_LISTED.values()), k=count)
    return [_person(rng, culture, rare=0.8) for culture in cultures]


def asking(count: int, cultures: Sequence[str] = CULTURES, seed: int = 2) -> list[Named]:
    """People who ask for a loan; three in ten have a rare family name."""
    rng = random.Random(seed)
    return [_person(rng, rng.choice(cultures), rare=0.3) for _ in range(count)]


def misspelled(name: str, rng: random.Random) -> str:
    """One letter lost, doubled, changed or swapped with the next in the longest word."""
    words = name.split()
    place = max(range(len(words)), key=lambda n: len(words[n]))
    word = words[place]
    if len(word) < 4:
        return f"{name}{name[-1]}"
    at = rng.randrange(1, len(word) - 1)
    words[place] = rng.choice(
        (
            word[:at] + word[at + 1 :],
            word[: at + 1] + word[at:],
            word[:at] + rng.choice("aeiounrst") + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )
    return " ".join(words)


def _person(rng: random.Random, culture: str, *, rare: float) -> Named:
    given, family = (pool.split() for pool in _POOLS[culture])
    first = rng.choices(given, [1 / (n + 3) for n in range(len(given))])[0]
    last = _rare(rng) if rng.random() < rare else rng.choice(family)
    middle = rng.choice(given) if rng.random() < 0.5 and culture != "chinese" else ""
    parts = [first, middle, last]
    if culture in ("korean", "chinese"):
        parts = [last, first, middle]
    year = rng.randint(1945, 2003)
    return Named(" ".join(part for part in parts if part), culture, year)


def _rare(rng: random.Random) -> str:
    return "".join(rng.choices(_SYLLABLES, k=rng.randint(3, 4))).capitalize()
