// A terminal whose messages are opened and sealed by Adyen's own library. Prints its port.
const { readFileSync } = require("fs");
const https = require("https");
const NexoCrypto = require("@adyen/api-library/lib/src/security/nexoCrypto").default;

const { pem, key, answers } = JSON.parse(readFileSync(0, "utf-8"));
const file = readFileSync(pem);

function answer(sealed) {
  const opened = JSON.parse(new NexoCrypto().decrypt(sealed.SaleToPOIRequest, key));
  const header = opened.SaleToPOIRequest.MessageHeader;
  const category = header.MessageCategory;
  const reply = { ...header, MessageType: "Response" };
  const body = { MessageHeader: reply, [`${category}Response`]: answers[category] };
  const asked = opened.SaleToPOIRequest[`${category}Request`];
  if (asked.PaymentTransaction) {
    const { Currency, RequestedAmount } = asked.PaymentTransaction.AmountsReq;
    body.PaymentResponse.PaymentResult = {
      AmountsResp: { Currency, AuthorizedAmount: RequestedAmount },
    };
    body.PaymentResponse.SaleData = asked.SaleData;
  }
  const message = JSON.stringify({ SaleToPOIResponse: body });
  return { SaleToPOIResponse: NexoCrypto.encrypt(reply, message, key) };
}

const server = https.createServer({ key: file, cert: file }, (request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(answer(JSON.parse(Buffer.concat(chunks)))));
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
