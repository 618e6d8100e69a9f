/** What a change is about. What lies below an account is the account's: the action names it. */
export const SUBJECT_KINDS = [
  'account',
  'account type',
  'audit log',
  'contacts list',
  'database',
  'job',
  'message',
  'phone country',
  'space',
  'task',
  'token',
  'webhook',
] as const

export type SubjectKind = (typeof SUBJECT_KINDS)[number]

/**
 * Fields whose values, old and new, stand in the audit log: they tell nothing about a person, and are no secret. Of all
 * others it has the names alone. By what is changed, which is the first word of the action.
 */
const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  account: ['activated', 'admin', 'algorithm', 'blocked', 'domain', 'dtmf_protocol', 'locale', 'switched_off'],
  account_type: ['key'],
  apikey: ['scope', 'expires_after_last_used_minutes', 'expire_at'],
  space: [
    'account_default_password_algorithm',
    'account_realm',
    'call_forwarding_no_answer_wire',
    'client_certificate_authentication',
    'domain',
    'enabled',
    'encryption',
    'expire_at',
    'host',
    'locale',
    'max_account',
    'max_accounts',
    'max_voicemail_bytes',
    'name',
    'phone_registration',
    'port',
    'public_registration',
    'purge_at',
    'super',
    'unique_email',
    'verify_certificate',
    'web_panel',
  ],
  webhook: ['enabled', 'events'],
}

const harmless = new Map(Object.entries(HARMLESS).map(([noun, fields]) => [noun, new Set(fields)]))

/** Whether the values of a field may be written down. */
export const isHarmless = (action: string, field: string): boolean =>
  harmless.get(action.slice(0, action.indexOf('.')))?.has(field) === true
