/** A gateway of the operator's own that takes each SMS as one HTTP request. */

import { demanded } from '../config/combinations.ts'
import { ask, refusal } from './gateway.ts'
import type { ProviderDeps, SmsMessage, SmsProvider } from './provider.ts'

export function http({ config, limitMs }: ProviderDeps): SmsProvider {
  const { SMS_HTTP_METHOD: method, SMS_HTTP_SECRET: secret, SMS_HTTP_OK: accepted } = config
  const address = demanded(config, 'SMS_HTTP_URL')

  return {
    name: 'http',
    async send(message) {
      const { type, body } = written(message)
      const headers = new Headers({ 'idempotency-key': message.id })
      if (method !== 'GET') headers.set('content-type', type)
      if (secret !== null) headers.set('x-signature', hmac(secret, body))
      for (const [name, value] of config.SMS_HTTP_HEADERS) headers.set(name, value)
      const answer = await ask(
        method === 'GET' ? withQuery(address, body) : address,
        method === 'GET' ? { method, headers } : { method, headers, body },
        limitMs,
      )
      const { status } = answer
      if (!(accepted === null ? status >= 200 && status < 300 : accepted.includes(status))) throw refusal(answer)
    },
    async check() {
      return { name: 'sms http', ok: true, detail: `${method} ${new URL(address).origin}; sms:test sends one` }
    },
  }

  /** What a POST has for its body, a GET has behind the `?` of its address. */
  function written({ to, text, id, kind, space }: SmsMessage): { type: string; body: string } {
    const template = config.SMS_HTTP_BODY
    const named = config.SMS_HTTP_HEADERS.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
    const isJson = method !== 'GET' && (named === undefined ? /^\s*[{[]/.test(template ?? '{') : /json/i.test(named))
    const type = isJson ? 'application/json' : 'application/x-www-form-urlencoded'
    if (template === null) {
      return { type, body: isJson ? JSON.stringify({ to, text }) : new URLSearchParams({ to, text }).toString() }
    }
    const values: Readonly<Record<string, string>> = { to, text, id, kind, space }
    const escaped = isJson ? insideJson : encodeURIComponent
    return { type, body: template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => escaped(values[name] ?? '')) }
  }
}

const insideJson = (value: string): string => JSON.stringify(value).slice(1, -1)

const withQuery = (address: string, query: string): string => `${address}${address.includes('?') ? '&' : '?'}${query}`

const hmac = (secret: string, body: string): string => new Bun.CryptoHasher('sha256', secret).update(body).digest('hex')
