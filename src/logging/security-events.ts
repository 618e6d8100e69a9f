/**
 * Changes: each stands in the audit log, too, whose call writes both (`audit/audit.ts`). Adding one is adding a line
 * here.
 */
export const AUDIT_ACTIONS = [
  'account.created',
  'account.imported',
  'account.updated',
  'account.deleted',
  'account.blocked',
  'account.unblocked',
  'account.activated',
  'account.deactivated',
  'account.role',
  'account.password',
  'account.provisioned',
  'apikey.created',
  'apikey.updated',
  'apikey.deleted',
  'audit.cut',
  'audit.erased',
  'account_type.created',
  'account_type.updated',
  'account_type.deleted',
  'contacts_list.created',
  'contacts_list.updated',
  'contacts_list.deleted',
  'device.removed',
  'export.run',
  'auth.reset.ok',
  'auth.login.ok',
  'auth.logout',
  'auth.code.ok',
  'auth.reset.sent',
  'auth.qr.created',
  'auth.qr.approved',
  'auth.qr.redeemed',
  'auth.recovery.started',
  'wizard.created',
  'wizard.used',
  'auth.session.revoked',
  'job.done',
  'job.fail',
  'message.resent',
  'phone_country.added',
  'phone_country.opened',
  'phone_country.closed',
  'space.created',
  'space.updated',
  'space.closed',
  'space.reopened',
  'space.deleted',
  'space.email',
  'space.carddav',
  'task.started',
  'task.cancelled',
  'voicemail.created',
  'voicemail.received',
  'voicemail.deleted',
  'voicemail.mailed',
  'webhook.created',
  'webhook.updated',
  'webhook.deleted',
  'webhook.rotated',
  'webhook.tested',
  'webhook.resent',
  'token.created',
  'token.redeemed',
  'token.validated',
  'token.sent',
  'account.email',
  'account.phone',
  'auth.code.sent',
] as const

export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/** The closed list of security events: the changes, and what changes nothing. */
export const SECURITY_EVENTS = [
  ...AUDIT_ACTIONS,
  'auth.login.fail',
  'auth.digest.fail',
  'auth.key.fail',
  'auth.code.fail',
  'auth.code.dead',
  'auth.reset.fail',
  'auth.throttled',
  'token.throttled',
  'admin.denied',
  'mail.sent',
  'mail.dead',
  'sms.sent',
  'sms.fail',
  'sms.limited',
  'sms.unconfigured',
  'push.sent',
] as const

export type SecurityEvent = (typeof SECURITY_EVENTS)[number]

type FieldValue = string | number | boolean | null | undefined | readonly string[]

/** What every event may say; `null` and `undefined` are left out of the line. */
export interface SecurityFields {
  readonly ip?: string | null | undefined
  readonly space?: string | null | undefined
  /** `user@domain`. */
  readonly account?: string | null | undefined
  readonly via?: string | null | undefined
  /** One word of ours, such as `bad_password`. */
  readonly reason?: string | null | undefined
  /** User agent. */
  readonly ua?: string | null | undefined
  /** Request id. */
  readonly rid?: string | null | undefined
  readonly [extra: string]: FieldValue
}

/** `result=` follows from the event, so that the two can never disagree. */
export const resultOf = (event: SecurityEvent): 'ok' | 'fail' =>
  /\.(?:fail|dead|throttled|denied|limited|unconfigured)$/.test(event) ? 'fail' : 'ok'
