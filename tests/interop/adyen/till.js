// A till made of Adyen's own library: asks the terminal given, prints what came back as JSON.
const { readFileSync } = require("fs");
const { Client, Config, TerminalLocalAPI, TerminalCloudAPI } = require("@adyen/api-library");

const { endpoint, roots, apiKey, key, request } = JSON.parse(readFileSync(0, "utf-8"));
const config = new Config({
  apiKey: apiKey || "unused",
  environment: "TEST",
  certificatePath: roots,
  terminalApiLocalEndpoint: "https://127.0.0.1",
  terminalApiCloudEndpoint: "https://127.0.0.1",
});
const client = new Client(config);

async function ask() {
  if (key) {
    const api = new TerminalLocalAPI(client);
    api.localRequest.endpoint = endpoint;
    return api.request(request, key);
  }
  const api = new TerminalCloudAPI(client);
  api.terminalApiSync.endpoint = endpoint;
  return api.sync(request);
}

ask().then(
  (answer) => console.log(JSON.stringify(answer)),
  (error) => console.log(JSON.stringify({ error: String(error.message || error) })),
);
