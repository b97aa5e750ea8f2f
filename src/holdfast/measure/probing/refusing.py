"""Whether an answer declines, by a list of phrases in ten languages that never changes: a change of the share of
declined answers is the endpoint's then. It need not be right, only the same."""

import re
from typing import Final

from holdfast.measure.quality.refusals import find_refusal

_LOOKED_AT: Final = 300
_PHRASES: Final = (
    # Spanish, Portuguese, Italian, French
    r"no puedo (?:ayudar|proporcionar|ofrecer|responder|cumplir|asistir|darte|brindar)",
    r"lo siento,? (?:pero )?no (?:puedo|me es posible)",
    r"não posso (?:ajudar|fornecer|responder|atender|auxiliar|oferecer)",
    r"(?:desculpe|lamento|sinto muito),? (?:mas )?não posso",
    r"non posso (?:aiutar|fornir|rispond|assist|soddisfare)",
    r"mi dispiace,? (?:ma )?non posso",
    r"je ne (?:peux|puis) pas (?:vous |t['’])?(?:aider|fournir|répondre|donner|vous|proposer|satisfaire)",
    r"(?:je suis )?désolée?,? (?:mais )?je ne (?:peux|puis)",
    # German, Dutch
    r"(?:das|dabei|hierbei|damit) kann ich (?:ihnen |dir )?(?:leider )?nicht",
    r"ich kann (?:ihnen |dir )?(?:dabei |hierbei |das |diese[rns]? \w+ )?(?:leider )?nicht"
    r" (?:helfen|weiterhelfen|beantworten|geben)",
    r"(?:tut mir leid|entschuldigung),? (?:aber )?(?:ich kann|dabei kann|das kann)",
    r"ik kan (?:je |u )?(?:hier|daar)?(?:bij|mee)? ?(?:helaas )?niet (?:helpen|mee)",
    # Russian
    r"я не могу (?:помочь|предоставить|ответить|выполнить|обсуждать)",
    r"(?:извините|к сожалению),? (?:но )?я не могу",
    # Chinese, Japanese, Korean
    r"我?(?:无法|不能|無法)(?:提供|协助|回答|帮助|满足|協助|幫助)",
    r"(?:抱歉|对不起|對不起)[，,]?(?:但)?我?(?:无法|不能|無法)",
    r"(?:お手伝い|お答え|提供|対応)(?:すること)?(?:は)?(?:できません|できかねます|いたしかねます)",
    r"申し訳(?:ありません|ございません)が",
    r"(?:도와드릴|제공할|답변할|답변드릴|도울) 수 없(?:습니다|어요)",
    r"죄송(?:합니다|하지만)",
    # Arabic, Hindi
    r"لا (?:أستطيع|يمكنني|أقدر)",
    r"(?:मैं|हम) .{0,40}(?:नहीं कर सकता|नहीं कर सकती|मदद नहीं|असमर्थ)",
    # English that the shorter list leaves out
    r"i(?:['’]m| am) (?:unable|not able) to\b",
    r"\bi (?:can(?:no|['’])t|cannot|won['’]t) (?:\w+ )?"
    r"(?:give|share|offer|fulfil|tell|explain|recommend|advise|in good conscience)",
    r"as an ai(?: language)? model,? i (?:can(?:no|['’])t|cannot|do not|don['’]t)",
)  # fmt: skip
_REFUSAL: Final = re.compile("|".join(_PHRASES), re.IGNORECASE)


def is_refused(text: str) -> bool:
    """Whether the text declines as it begins."""
    return bool(find_refusal(text)) or _REFUSAL.search(text[:_LOOKED_AT]) is not None
