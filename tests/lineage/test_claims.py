"""Declared lineage: claims become edges verbatim, nothing is merged, and contradictions are reported."""

from holdfast.lineage import NameReader, resolve
from holdfast.records.evidence import Sureness
from holdfast.records.lineage import Basis, How
from holdfast.records.model import ModelName, Revision
from holdfast.records.use import Artefact, LineageClaim, Place

BOT = ModelName("pkg:huggingface", "acme/support-bot")


def claim(base: str, relation: str = "finetune", source: str = "card", child: str = "") -> LineageClaim:
    return LineageClaim(child=child, base=base, relation=relation, source=source, place="README.md:3")


def test_a_declared_base_leads_to_its_developer(reader: NameReader) -> None:
    facts = resolve(BOT, reader, [claim("Qwen/Qwen2.5-7B-Instruct")])
    assert facts.developers == (None,)
    base = next(builder for builder in facts.builders if builder.how is How.BASE)
    assert (base.organisation, base.family, base.basis) == ("org:alibaba", "family:qwen2.5", Basis.CLAIM)
    assert base.path[0].base == "Qwen/Qwen2.5-7B-Instruct"
    assert base.path[0].place == "README.md:3"


def test_the_bases_of_a_declared_base_are_followed(reader: NameReader) -> None:
    facts = resolve(BOT, reader, [claim("deepseek-ai/DeepSeek-R1-Distill-Llama-8B")])
    assert set(facts.base_developers) == {"org:deepseek", "org:meta"}


def test_a_link_to_the_hub_is_read_like_a_name(reader: NameReader) -> None:
    facts = resolve(BOT, reader, [claim("https://huggingface.co/google/gemma-2-9b-it", source="gguf")])
    assert facts.base_developers == ("org:google",)


def test_a_base_by_nobody_known_is_somebody_unknown(reader: NameReader) -> None:
    facts = resolve(BOT, reader, [claim("acme/another-bot")])
    assert facts.base_developers == (None,)


def test_a_declared_conversion_has_the_developer_of_what_was_converted(reader: NameReader) -> None:
    facts = resolve(BOT, reader, [claim("Qwen/Qwen3-8B", relation="quantized")])
    assert facts.developers == ("org:alibaba",)
    assert facts.repackagers == (None,)
    assert facts.base_developers == ()
    assert (facts.basis, facts.confidence) == (Basis.CLAIM, Sureness.MEDIUM)


def test_claims_of_several_sources_stand_side_by_side(reader: NameReader) -> None:
    both = [claim("Qwen/Qwen2.5-7B"), claim("Qwen/Qwen2.5-7B", relation="adapter", source="adapter_config")]
    facts = resolve(BOT, reader, both)
    assert [edge.source for edge in facts.edges if edge.basis is Basis.CLAIM] == ["card", "adapter_config"]
    assert facts.conflicts == ()


def test_sources_that_name_different_bases_conflict(reader: NameReader) -> None:
    facts = resolve(BOT, reader, [claim("Qwen/Qwen2.5-7B"), claim("meta-llama/Llama-3.1-8B", source="gguf")])
    assert len(facts.conflicts) == 1
    assert facts.conflicts[0].what == "card says Qwen/Qwen2.5-7B; gguf says meta-llama/Llama-3.1-8B"
    assert set(facts.base_developers) == {"org:alibaba", "org:meta"}


def test_the_parents_of_a_merge_do_not_conflict(reader: NameReader) -> None:
    parents = [
        claim("mistralai/Mistral-7B-v0.1", "merge", "card"),
        claim("HuggingFaceH4/zephyr-7b-beta", "merge", "mergekit"),
        claim("meta-llama/Llama-2-7b-hf", "merge", "mergekit"),
    ]
    assert resolve(BOT, reader, parents).conflicts == ()


def test_a_name_that_says_another_family_than_the_card_conflicts(reader: NameReader) -> None:
    model = ModelName("pkg:huggingface", "acme/llama-3-8b-tickets")
    facts = resolve(model, reader, [claim("Qwen/Qwen2.5-7B")])
    assert [conflict.one.base for conflict in facts.conflicts] == ["Qwen/Qwen2.5-7B"]
    assert set(facts.base_developers) == {"org:alibaba", "org:meta"}


def test_a_card_that_agrees_with_the_name_does_not_conflict(reader: NameReader) -> None:
    model = ModelName("pkg:huggingface", "acme/deepseek-r1-distill-qwen-7b-tickets")
    assert resolve(model, reader, [claim("Qwen/Qwen2.5-Math-7B")]).conflicts == ()


def test_a_brand_without_a_version_agrees_with_a_version_of_its_developer(reader: NameReader) -> None:
    model = ModelName("pkg:huggingface", "acme/llama-tickets")
    assert resolve(model, reader, [claim("meta-llama/Llama-3.1-8B")]).conflicts == ()


def test_a_model_that_names_itself_declares_nothing(reader: NameReader) -> None:
    model = ModelName("pkg:huggingface", "Qwen/Qwen2.5-7B")
    facts = resolve(model, reader, [claim("Qwen/Qwen2.5-7B", "unknown", "config")])
    assert [edge for edge in facts.edges if edge.basis is Basis.CLAIM] == []


def test_a_local_path_in_a_configuration_names_no_builder(reader: NameReader) -> None:
    facts = resolve(BOT, reader, [claim("/data/checkpoints/step-900", "unknown", "config")])
    assert facts.base_developers == ()


def test_a_claim_about_another_model_is_not_taken_for_this_one(reader: NameReader) -> None:
    facts = resolve(BOT, reader, [claim("Qwen/Qwen2.5-7B", child="acme/other-bot")])
    assert facts.edges == ()


def test_claims_of_files_on_disk_count_and_the_weights_run_here(reader: NameReader) -> None:
    artefact = Artefact(
        place=Place("models/bot.gguf", 1),
        format="gguf",
        model=BOT,
        revision=Revision(),
        claims=(claim("meta-llama/Llama-3.1-8B", "finetune", "gguf"),),
    )
    facts = resolve(BOT, reader, artefacts=[artefact])
    assert facts.base_developers == ("org:meta",)
    assert facts.operator.where.value == "here"


def test_an_architecture_of_another_developer_is_noted_and_shows_no_derivation(reader: NameReader) -> None:
    artefact = Artefact(
        place=Place("config.json", 1),
        format="safetensors",
        model=BOT,
        revision=Revision(),
        architecture="DeepseekV3ForCausalLM",
    )
    facts = resolve(BOT, reader, artefacts=[artefact])
    assert facts.base_developers == ()
    assert any("DeepseekV3ForCausalLM" in note and "does not show derivation" in note for note in facts.notes)


def test_a_card_that_says_more_than_the_registry_does_not_conflict(reader: NameReader) -> None:
    model = ModelName("pkg:huggingface", "zai-org/GLM-4.5")
    facts = resolve(model, reader, [claim("Qwen/Qwen2.5-7B")])
    assert facts.conflicts == ()
    assert facts.base_developers == ("org:alibaba",)


def test_a_copy_whose_card_names_another_family_conflicts(reader: NameReader) -> None:
    model = ModelName("pkg:huggingface", "TheBloke/Mistral-7B-Instruct-v0.2-GGUF")
    facts = resolve(model, reader, [claim("Qwen/Qwen2.5-7B", relation="quantized")])
    assert len(facts.conflicts) == 1
