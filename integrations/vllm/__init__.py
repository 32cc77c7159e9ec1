"""The OpenAI protocol as vLLM really speaks it: chat completions streamed, health, metrics."""
