// The SOAP server of the tests: node server.js BILLING.WSDL. It prints its port, and ends when its standard input does.
'use strict';
const http = require('http');
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const soap = require('soap');

const PASSWORD = process.env.SOAP_PASSWORD || 'secret';
const wsdlPath = process.argv[2];
const wsdl = fs.readFileSync(wsdlPath, 'utf8');
const seen = [];

function fault12() {
  return {
    Fault: {
      Code: { Value: 'soap:Sender', Subcode: { Value: 'NotFound' } },
      Reason: { Text: 'There is no such invoice.' },
      Detail: { InvoiceFault: { attributes: { xmlns: 'urn:billing' }, number: '404', left: '1.10' } },
      statusCode: 500,
    },
  };
}

function fault11() {
  return {
    Fault: {
      faultcode: 'soap:Client.NotFound',
      faultstring: 'There is no such invoice.',
      detail: { InvoiceFault: { attributes: { xmlns: 'urn:billing' }, number: '404', left: '1.10' } },
      statusCode: 500,
    },
  };
}

function total(lines) {
  let cents = 0, count = 0;
  for (const line of lines || []) {
    count += 1;
    cents += Math.round(Number(line.price) * 100);
    const inner = total(line.line && [].concat(line.line));
    cents += inner.cents;
    count += inner.count;
  }
  return { cents, count };
}

const operations = (is12) => ({
  EchoTypes(args) {
    return { echoed: args };
  },
  GetInvoice(args, callback, headers) {
    if (args.number === '404') throw is12 ? fault12() : fault11();
    if (args.number === 'boom') throw new Error('c4n4ry-inside');
    return {
      invoice: {
        attributes: { draft: 'true' },
        number: args.number,
        issued: '2026-05-19',
        total: { attributes: { currency: 'THB' }, $value: '123456789012345678.10' },
        person: { name: (headers && headers.Client && headers.Client.name) || args.detail || 'nobody' },
        line: [{ sku: 'a', price: '1.10' }, { sku: 'b', price: '2', line: [{ sku: 'b1', price: '0.30' }] }],
      },
    };
  },
  PutInvoice(args) {
    const sum = total(args.invoice.line && [].concat(args.invoice.line));
    const text = String(sum.cents).padStart(3, '0');
    return { total: `${text.slice(0, -2)}.${text.slice(-2)}`, lines: sum.count };
  },
  Wait(args, callback) {
    setTimeout(() => callback({ waited: true }), Number(args.seconds) * 1000);
  },
});

function digestIsGood(token) {
  const nonce = Buffer.from(token.Nonce.$value || token.Nonce, 'base64');
  const created = Buffer.from(String(token.Created.$value || token.Created));
  const hash = crypto.createHash('sha1').update(Buffer.concat([nonce, created, Buffer.from(PASSWORD)])).digest('base64');
  return hash === token.Password.$value;
}

function authenticate(security) {
  const token = security && security.UsernameToken;
  if (!token || (token.Username.$value || token.Username) !== 'clerk') return false;
  const type = token.Password.attributes.Type;
  return type.endsWith('#PasswordDigest') ? digestIsGood(token) : token.Password.$value === PASSWORD;
}

const server = http.createServer((request, response) => {
  if (request.url === '/types.xsd' || request.url === '/billing/types.xsd') {
    response.setHeader('Content-Type', 'text/xml');
    response.end(fs.readFileSync(path.join(path.dirname(wsdlPath), 'types.xsd')));
    return;
  }
  response.statusCode = 404;
  response.end('nothing here');
});

// Values stay the texts that they came as: JavaScript has no exact numbers.
const asText = {};
for (const name of ['decimal', 'double', 'float', 'integer', 'int', 'long', 'short', 'boolean', 'date', 'dateTime', 'time']) {
  asText[name] = (text) => text;
}

function serve(place, is12, guarded) {
  const services = { BillingService: { Billing11: operations(is12), Billing12: operations(is12) } };
  const served = soap.listen(server, { path: place, services, xml: wsdl, uri: wsdlPath, forceSoap12Headers: is12, customDeserializer: asText });
  if (guarded) served.authenticate = authenticate;
}

server.listen(0, '127.0.0.1', () => {
  serve('/billing', false, false);
  serve('/billing12', true, false);
  serve('/guarded', false, true);
  setTimeout(() => console.log(server.address().port), 300);
});
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
