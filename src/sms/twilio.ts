/** Twilio, and the gateways that speak its API: `POST /2010-04-01/Accounts/{account}/Messages.json`. */

import { demanded } from '../config/combinations.ts'
import { ask, members, refusal } from './gateway.ts'
import type { ProviderDeps, SmsProvider } from './provider.ts'

export function twilio({ config, limitMs }: ProviderDeps): SmsProvider {
  const account = demanded(config, 'SMS_TWILIO_ACCOUNT')
  const from = demanded(config, 'SMS_TWILIO_FROM')
  const home = `${config.SMS_TWILIO_URL.replace(/\/+$/, '')}/2010-04-01/Accounts/${encodeURIComponent(account)}`
  const credentials = Buffer.from(`${account}:${demanded(config, 'SMS_TWILIO_TOKEN')}`).toString('base64')
  const headers = { authorization: `Basic ${credentials}`, accept: 'application/json' }
  const sender: Readonly<Record<string, string>> = /^MG[\da-f]{32}$/i.test(from)
    ? { MessagingServiceSid: from }
    : { From: from }

  return {
    name: 'twilio',
    async send({ to, text }) {
      const body = new URLSearchParams({ To: to, ...sender, Body: text })
      const answer = await ask(`${home}/Messages.json`, { method: 'POST', headers, body }, limitMs)
      if (answer.status < 200 || answer.status >= 300) throw refusal(answer, reasonIn(answer.text))
    },
    async check() {
      const name = 'sms twilio'
      const { status } = await ask(`${home}.json`, { headers }, limitMs)
      // A compatible gateway need not know this page.
      const ok = (status >= 200 && status < 300) || status === 404
      return { name, ok, detail: ok ? `${config.SMS_TWILIO_URL} answers` : `${config.SMS_TWILIO_URL}: HTTP ${status}` }
    },
  }
}

/** Twilio numbers its reasons: 21211 is a number that cannot exist. */
const reasonIn = (text: string): number | undefined => {
  const { code } = members(text)
  return typeof code === 'number' && code >= 10_000 && code <= 99_999 ? code : undefined
}
