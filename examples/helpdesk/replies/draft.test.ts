import { expect, test } from "vitest";
import Anthropic from "@anthropic-ai/sdk";

// A live test: it is run by hand before a release.
test("the provider answers in the customer's language", async () => {
  const message = await new Anthropic().messages.create({
    model: "claude-sonnet-4-5",
    max_tokens: 50,
    messages: [{ role: "user", content: "Antworte mit einem Wort: Guten Tag?" }],
  });
  expect(message.stop_reason).toBe("end_turn");
});
