/** What single values cannot tell: settings that need, exclude or weaken one another. */

import { smsLength } from '../protocols/gsm-alphabet.ts'
import type { Config, SettingName } from './settings.ts'

export function combinationProblems(config: Config): readonly string[] {
  const problems: string[] = []
  const needs = (name: SettingName, because: string) => {
    if (config[name] === null) problems.push(`${name} must be set when ${because}.`)
  }
  if (config.TLS_CERT !== null) needs('TLS_KEY', 'TLS_CERT is')
  if (config.TLS_KEY !== null) needs('TLS_CERT', 'TLS_KEY is')
  if (config.METRICS_LISTEN !== null && isSameAddress(config.METRICS_LISTEN, config.LISTEN)) {
    problems.push('METRICS_LISTEN must not be the address of LISTEN.')
  }
  if (config.FILES_S3_BUCKET !== null) {
    needs('FILES_S3_ACCESS_KEY_ID', 'FILES_S3_BUCKET is')
    needs('FILES_S3_SECRET_ACCESS_KEY', 'FILES_S3_BUCKET is')
  }
  if (config.FILES_S3_ENDPOINT !== null) needs('FILES_S3_BUCKET', 'FILES_S3_ENDPOINT is')
  if (config.CAPTCHA_PROVIDER === 'hcaptcha') {
    needs('HCAPTCHA_SITEKEY', 'CAPTCHA_PROVIDER is hcaptcha')
    needs('HCAPTCHA_SECRET', 'CAPTCHA_PROVIDER is hcaptcha')
  }
  for (const provider of config.SMS_PROVIDER) {
    for (const name of neededBy[provider]) needs(name, `SMS_PROVIDER names ${provider}`)
  }
  if (config.SMS_PROVIDER.includes('none') && config.SMS_PROVIDER.length > 1) {
    problems.push('SMS_PROVIDER must not name none beside others.')
  }
  problems.push(...smsBodyProblems(config))
  return problems
}

/** Values are written into JSON and into forms; in anything else they could say more than they should. */
function smsBodyProblems({ SMS_HTTP_BODY: body, SMS_HTTP_HEADERS: headers }: Config): readonly string[] {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  if (type !== undefined && !/json|x-www-form-urlencoded/i.test(type)) {
    return ['SMS_HTTP_HEADERS must name JSON or application/x-www-form-urlencoded where it names a Content-Type.']
  }
  if (body === null || !/^\s*[{[]/.test(body)) return []
  try {
    JSON.parse(body.replace(/\{\{\w+\}\}/g, '0'))
    return []
  } catch {
    return ['SMS_HTTP_BODY starts like JSON and must be JSON.']
  }
}

/** The value of a setting that `combinationProblems` demands for whoever asks here. */
export function demanded<Name extends SettingName>(config: Config, name: Name): NonNullable<Config[Name]> {
  const value = config[name]
  if (value === null || value === undefined) throw new Error(`${name} is not set`)
  return value
}

const neededBy: Readonly<Record<Config['SMS_PROVIDER'][number], readonly SettingName[]>> = {
  none: [],
  log: [],
  http: ['SMS_HTTP_URL'],
  ovh: ['OVH_APP_KEY', 'OVH_APP_SECRET', 'OVH_APP_CONSUMER_KEY'],
  twilio: ['SMS_TWILIO_ACCOUNT', 'SMS_TWILIO_TOKEN', 'SMS_TWILIO_FROM'],
  command: ['SMS_COMMAND'],
}

/** What Flexisip's voicemail server must be allowed, or it records nothing: 120 s, as it counts them. */
const FLEXISIP_RECORDING_BYTES = 12_582_840

export function combinationWarnings(config: Config): readonly string[] {
  const warnings: string[] = []
  if (config.UPLOAD_MAX_BYTES < FLEXISIP_RECORDING_BYTES) {
    warnings.push(
      `UPLOAD_MAX_BYTES is below ${FLEXISIP_RECORDING_BYTES}: a Flexisip as it is shipped records no voicemail.`,
    )
  }
  if ((config.COTURN_SERVER_HOST === null) !== (config.COTURN_STATIC_AUTH_SECRET === null)) {
    warnings.push('TURN credentials are off: they need both COTURN_SERVER_HOST and COTURN_STATIC_AUTH_SECRET.')
  }
  if (config.MAIL_ENCRYPTION === 'tls' && (config.MAIL_PORT === 25 || config.MAIL_PORT === 587)) {
    warnings.push(
      `MAIL_ENCRYPTION=tls speaks TLS from the first byte, which port ${config.MAIL_PORT} seldom does; write starttls, or use port 465.`,
    )
  }
  if (config.TRUSTED_PROXIES.some(({ prefix }) => prefix === 0)) {
    warnings.push('TRUSTED_PROXIES trusts every address: anybody can then claim to come from anywhere.')
  }
  for (const name of ['SMS_TEMPLATE', 'SMS_TEMPLATE_EXPIRING'] as const) {
    const sample = config[name]?.({ space: config.APP_NAME, code: '0'.repeat(config.CODE_DIGITS), minutes: 10 })
    const { alphabet, segments } = smsLength(sample ?? '')
    if (segments === 1) continue
    const room = alphabet === 'gsm7' ? '160 characters' : '70, because it has letters outside the GSM alphabet'
    warnings.push(`${name} takes ${segments} SMS, each of them paid for: one has room for ${room}.`)
  }
  return warnings
}

const isSameAddress = (one: Config['LISTEN'], other: Config['LISTEN']): boolean =>
  one.kind === 'tcp'
    ? other.kind === 'tcp' && one.port !== 0 && one.port === other.port && one.host === other.host
    : other.kind === 'unix' && one.path === other.path
