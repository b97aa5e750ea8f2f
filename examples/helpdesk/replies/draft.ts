import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const DRAFT_MODEL = process.env.DRAFT_MODEL ?? "claude-sonnet-4-5";

const anthropic = new Anthropic();
const fallback = new OpenAI({ baseURL: "https://api.deepseek.com/v1", apiKey: process.env.DEEPSEEK_API_KEY });

/** Draft an answer; when the first provider is down, ask the second. */
export async function draft(ticket: string): Promise<string> {
  try {
    const message = await anthropic.messages.create({
      model: DRAFT_MODEL,
      max_tokens: 800,
      messages: [{ role: "user", content: ticket }],
    });
    return message.content.map((part) => ("text" in part ? part.text : "")).join("");
  } catch {
    const answer = await fallback.chat.completions.create({
      model: "deepseek-chat",
      messages: [{ role: "user", content: ticket }],
    });
    return answer.choices[0].message.content ?? "";
  }
}
