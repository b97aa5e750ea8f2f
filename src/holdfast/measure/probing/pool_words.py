"""Words and patterns of ten languages that prompts are made of. Own text, of no benchmark."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Language:
    """`things` are nouns as they stand in `pairs` (two of them) and `singles` (one); `stems` are sentences without an
    end; `kinds` are what `names` asks one of."""

    code: str
    things: tuple[str, ...]
    pairs: tuple[str, ...]
    singles: tuple[str, ...]
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    stems: tuple[str, ...]


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|"))


LANGUAGES: Final = (
    Language(
        "en",
        _split(
            "river | lamp | bread | winter | violin | harbour | stone | garden | letter | mountain | clock | candle |"
            " bridge | apple | storm | mirror | wolf | feather | copper | silence | ladder | train | salt | owl"
        ),
        (
            "Pick one of the two, {a} or {b}. Answer with that word only.",
            "{a} or {b}?",
            "Which is nicer, a {a} or a {b}? One word.",
            "A coin decides between {a} and {b}. It says",
            "Is a {a} more like a {b} than like anything else? Yes or no.",
            "Complete with one word: the {a} and the {b} are",
        ),
        (
            "Say one word that goes with {a}.",
            "One adjective for a {a}:",
            "The {a} was",
            "Write the next word: my {a} is",
            "Give a name to a {a}.",
        ),
        _split("animal | city | colour | fruit | instrument | tree | tool | game | country | bird | fish | spice"),
        ("Name a random {k}.", "Think of a {k}. Which one?", "My favourite {k} is"),
        (
            "She opened the door and",
            "Nobody in the village knew that",
            "After the long rain they",
            "The first thing he noticed was",
            "If I had more time I would",
            "On the last day of the fair",
            "It was neither warm nor",
            "The two sisters could not agree on",
        ),
    ),
    Language(
        "de",
        _split(
            "Fluss | Lampe | Brot | Winter | Geige | Hafen | Stein | Garten | Brief | Berg | Uhr | Kerze | Brücke |"
            " Apfel | Sturm | Spiegel | Wolf | Feder"
        ),
        (
            "Wähle eines von beiden: {a} oder {b}. Antworte nur mit dem Wort.",
            "{a} oder {b}?",
            "Was passt besser zu dir, {a} oder {b}? Ein Wort.",
            "Die Münze entscheidet zwischen {a} und {b}. Sie sagt",
        ),
        ("Ein Wort, das zu {a} passt:", "Ein Adjektiv für {a}:", "Nenne einen Reim auf {a}."),
        _split("Tier | Stadt | Farbe | Obst | Instrument | Baum | Werkzeug | Spiel | Land | Vogel"),
        ("Nenne irgendein Beispiel: {k}.", "Denk dir etwas aus ({k}). Was ist es?"),
        ("Am nächsten Morgen war", "Niemand wusste, dass", "Wenn ich mehr Zeit hätte,", "Er öffnete die Tür und"),
    ),
    Language(
        "fr",
        _split(
            "rivière | lampe | pain | hiver | violon | port | pierre | jardin | lettre | montagne | horloge | bougie |"
            " pont | pomme | orage | miroir | loup | plume"
        ),
        (
            "Choisis un des deux : {a} ou {b}. Réponds par ce seul mot.",
            "{a} ou {b} ?",
            "Qu'est-ce qui est plus beau, {a} ou {b} ? Un mot.",
        ),
        ("Dis un mot qui va avec {a}.", "Un adjectif pour {a} :", "Une rime avec {a} :"),
        _split("animal | ville | couleur | fruit | instrument | arbre | outil | jeu | pays | oiseau"),
        ("Cite au hasard : {k}.", "Pense à quelque chose ({k}). Quoi ?"),
        ("Le lendemain matin,", "Personne ne savait que", "Si j'avais plus de temps,", "Elle ouvrit la porte et"),
    ),
    Language(
        "es",
        _split(
            "río | lámpara | pan | invierno | violín | puerto | piedra | jardín | carta | montaña | reloj | vela |"
            " puente | manzana | tormenta | espejo | lobo | pluma"
        ),
        (
            "Elige uno de los dos: {a} o {b}. Responde solo con esa palabra.",
            "¿{a} o {b}?",
            "¿Qué es más bonito, {a} o {b}? Una palabra.",
        ),
        ("Di una palabra que vaya con {a}.", "Un adjetivo para {a}:", "Una rima con {a}:"),
        _split("animal | ciudad | color | fruta | instrumento | árbol | herramienta | juego | país | ave"),
        ("Di un ejemplo al azar: {k}.", "Piensa en algo ({k}). ¿Qué es?"),
        ("A la mañana siguiente", "Nadie sabía que", "Si tuviera más tiempo,", "Ella abrió la puerta y"),
    ),
    Language(
        "it",
        _split(
            "fiume | lampada | pane | inverno | violino | porto | pietra | giardino | lettera | montagna | orologio |"
            " candela | ponte | mela | tempesta | specchio | lupo | piuma"
        ),
        (
            "Scegli uno dei due: {a} o {b}. Rispondi solo con quella parola.",
            "{a} o {b}?",
            "Che cosa è più bello, {a} o {b}? Una parola.",
        ),
        ("Di' una parola che va con {a}.", "Un aggettivo per {a}:"),
        _split("animale | città | colore | frutto | strumento | albero | attrezzo | gioco | paese | uccello"),
        ("Un esempio a caso: {k}.", "Pensa a qualcosa ({k}). Che cosa?"),
        ("La mattina dopo", "Nessuno sapeva che", "Se avessi più tempo,", "Lei aprì la porta e"),
    ),
    Language(
        "pt",
        _split(
            "rio | lâmpada | pão | inverno | violino | porto | pedra | jardim | carta | montanha | relógio | vela |"
            " ponte | maçã | tempestade | espelho | lobo | pena"
        ),
        (
            "Escolhe um dos dois: {a} ou {b}. Responde só com essa palavra.",
            "{a} ou {b}?",
            "O que é mais bonito, {a} ou {b}? Uma palavra.",
        ),
        ("Diz uma palavra que combine com {a}.", "Um adjetivo para {a}:"),
        _split("animal | cidade | cor | fruta | instrumento | árvore | ferramenta | jogo | país | ave"),
        ("Um exemplo ao acaso: {k}.", "Pensa em algo ({k}). O que é?"),
        ("Na manhã seguinte", "Ninguém sabia que", "Se eu tivesse mais tempo,", "Ela abriu a porta e"),
    ),
    Language(
        "ru",
        _split(
            "река | лампа | хлеб | зима | скрипка | гавань | камень | сад | письмо | гора | часы | свеча | мост |"
            " яблоко | гроза | зеркало | волк | перо"
        ),
        ("Выбери одно из двух: {a} или {b}. Ответь одним словом.", "{a} или {b}?", "Что приятнее: {a} или {b}?"),
        ("Назови слово, которое подходит к слову «{a}».", "Одно прилагательное к слову «{a}»:"),
        _split("животное | город | цвет | фрукт | инструмент | дерево | игра | страна | птица | рыба"),
        ("Назови любое: {k}.", "Загадай что-нибудь ({k}). Что это?"),
        ("На следующее утро", "Никто не знал, что", "Если бы у меня было больше времени,", "Она открыла дверь и"),
    ),
    Language(
        "zh",
        _split(
            "河流 | 灯 | 面包 | 冬天 | 小提琴 | 港口 | 石头 | 花园 | 信 | 山 | 钟 |"
            " 蜡烛 | 桥 | 苹果 | 风暴 | 镜子 | 狼 | 羽毛"
        ),
        ("二选一：{a}还是{b}？只回答那个词。", "{a}还是{b}？", "哪个更好，{a}或{b}？"),
        ("说一个和“{a}”有关的词。", "用一个形容词形容{a}："),
        _split("动物 | 城市 | 颜色 | 水果 | 乐器 | 树 | 工具 | 游戏 | 国家 | 鸟"),
        ("随便说一种{k}。", "我最喜欢的{k}是"),
        ("第二天早上，", "没有人知道", "如果我有更多时间，", "她打开门，"),
    ),
    Language(
        "ja",
        _split(
            "川 | ランプ | パン | 冬 | バイオリン | 港 | 石 | 庭 | 手紙 | 山 | 時計 |"
            " ろうそく | 橋 | りんご | 嵐 | 鏡 | 狼 | 羽"
        ),
        ("{a}と{b}、どちらか一つを選んで、その言葉だけで答えて。", "{a}か{b}か？", "{a}と{b}ではどちらが好き？"),
        ("「{a}」に合う言葉を一つ。", "{a}を表す形容詞を一つ："),
        _split("動物 | 町 | 色 | 果物 | 楽器 | 木 | 道具 | 遊び | 国 | 鳥"),
        ("{k}を一つ適当に言って。", "好きな{k}は"),
        ("次の朝、", "だれも知らなかったが、", "もっと時間があれば、", "彼女はドアを開けて"),
    ),
    Language(
        "nl",
        _split(
            "rivier | lamp | brood | winter | viool | haven | steen | tuin | brief | berg | klok | kaars | brug |"
            " appel | storm | spiegel | wolf | veer"
        ),
        (
            "Kies een van de twee: {a} of {b}. Antwoord alleen met dat woord.",
            "{a} of {b}?",
            "Wat is mooier, {a} of {b}?",
        ),
        ("Noem een woord dat bij {a} past.", "Een bijvoeglijk naamwoord voor {a}:"),
        _split("dier | stad | kleur | vrucht | instrument | boom | gereedschap | spel | land | vogel"),
        ("Noem zomaar een voorbeeld: {k}.", "Denk aan iets ({k}). Wat is het?"),
        ("De volgende ochtend", "Niemand wist dat", "Als ik meer tijd had,", "Zij opende de deur en"),
    ),
)
CODE: Final = (
    "def {a}_{b}(x):\n    return",
    "for {a} in {b}:\n   ",
    "# {a} before {b}\n",
    "SELECT {a} FROM {b} WHERE",
    "let {a} = {b}",
    '{{"{a}": "{b}", "',
    "git commit -m '{a} {b}",
)
NUMBERS: Final = (
    "Say a number between {i} and {j}.",
    "{i}, {j},",
    "Nombre entre {i} et {j} :",
    "Eine Zahl zwischen {i} und {j}:",
    "{i}到{j}之间的一个数：",
    "A die with sides {i} to {j} shows",
    "Roll once between {i} and {j}. Result:",
)
