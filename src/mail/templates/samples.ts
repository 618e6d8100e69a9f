import type { MailKind, MailKinds } from '../../outbox/messages.ts'

/**
 * What one mail of each kind could say: for previews, and for tests. The members of a sample are also the names that
 * the templates of its kind may use.
 */
export const SAMPLES: { readonly [Kind in MailKind]: Readonly<MailKinds[Kind]> } = {
  email_code: {
    'account.identifier': 'alice@sip.example.org',
    code: '4711',
    code_link: 'https://sip.example.org/email/confirm/EXAMPLEEXAMPLE16',
    expires_minutes: 10,
    is_registration: true,
  },
  recovery_code: {
    'account.identifier': 'alice@sip.example.org',
    code: '4711',
    expires_minutes: 10,
    attempts: 3,
    ip: '192.0.2.7',
  },
  newsletter: {
    email: 'alice@example.org',
    wording: 'Send me news by e-mail.',
    time: '2026-01-28T09:30:00.000Z',
  },
  reset_password: {
    'account.identifier': 'alice@sip.example.org',
    link: 'https://sip.example.org/reset_password/EXAMPLEEXAMPLE16',
    expires_minutes: 1440,
  },
  provisioning: {
    'account.identifier': 'alice@sip.example.org',
    'account.display_name': 'Alice Liddell',
    provisioning_link: 'https://sip.example.org/provisioning/EXAMPLEEXAMPLE',
    wizard_link: 'https://sip.example.org/wizard/EXAMPLEEXAMPLE',
    expires_minutes: 2880,
    registrar: 'sip.example.org',
  },
  voicemail: {
    voicemail: '019c3f52-7d1e-7a40-8c6b-5e02d9b7f318',
    caller: 'sip:bob@sip.example.org',
    callee: 'sip:alice@sip.example.org',
    recorded_at: '2026-01-28T09:30:00.000Z',
    seconds: 42,
    link: 'https://sip.example.org/f/019c3f52-7d1e-7a40-8c6b-5e02d9b7f318/voicemail.wav/download',
    telephony_url: 'https://sip.example.org/telephony',
  },
  space_expiring: { days: 3, expire_at: '2026-01-31', accounts_count: 42 },
  email_changed: {
    'account.identifier': 'alice@sip.example.org',
    masked_email: 'a***@example.net',
    time: '2026-01-28T09:30:00.000Z',
    ip: '192.0.2.7',
    link: 'https://sip.example.org/email/undo/EXAMPLEEXAMPLE16',
  },
  password_changed: {
    'account.identifier': 'alice@sip.example.org',
    time: '2026-01-28T09:30:00.000Z',
    ip: '192.0.2.7',
    link: 'https://sip.example.org/recovery/email',
  },
  account_deleted: { 'account.identifier': 'alice@sip.example.org', time: '2026-01-28T09:30:00.000Z', ip: '192.0.2.7' },
  account_blocked: {
    'account.identifier': 'alice@sip.example.org',
    time: '2026-01-28T09:30:00.000Z',
    is_blocked: true,
    is_automatic: true,
  },
  registration_attempted: {
    'account.identifier': 'alice@sip.example.org',
    time: '2026-01-28T09:30:00.000Z',
    ip: '192.0.2.7',
    link: 'https://sip.example.org/recovery/email',
  },
  test: { transport: 'smtp.example.org:587, starttls', time: '2026-01-28T09:30:00.000Z' },
}

export const MAIL_KINDS = Object.keys(SAMPLES) as readonly MailKind[]

export const isMailKind = (text: string): text is MailKind => Object.hasOwn(SAMPLES, text)
