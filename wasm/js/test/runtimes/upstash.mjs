// Upstash's REST API as its documentation has it, in front of a real Redis: the service itself cannot be had for a test.
import { createServer } from "node:http";
import { once } from "node:events";

/** Serves `client` by HTTP. */
export async function startUpstash(client) {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    try {
      if (request.headers.authorization !== "Bearer secret") throw new Error("WRONGPASS invalid token");
      const answer = await client.sendCommand(JSON.parse(body).map(String), { typeMapping: { 36: Buffer } });
      response.end(JSON.stringify({ result: encode(answer, request.headers["upstash-encoding"] === "base64") }));
    } catch (error) {
      response.statusCode = 400;
      response.end(JSON.stringify({ error: error.message }));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

function encode(answer, isBase64) {
  if (Array.isArray(answer)) return answer.map((part) => encode(part, isBase64));
  return Buffer.isBuffer(answer) ? answer.toString(isBase64 ? "base64" : "utf8") : answer;
}
