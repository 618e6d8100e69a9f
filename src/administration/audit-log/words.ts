import type { AuditRow } from '../../audit/entry.ts'
import type { SubjectKind } from '../../audit/subjects.ts'
import { AUDIT_ACTIONS, type AuditAction } from '../../logging/security-events.ts'
import type { MessageId } from '../../messages/messages.ts'
import type { GroupedOption } from '../../panel/components/filters.tsx'
import type { IconName } from '../../panel/components/icons.ts'
import type { Translate } from '../../panel/kit.tsx'

/** What was done, between who did it and what it was done to. What another version has written is shown by its name. */
export const ACTION_WORDS: Readonly<Record<string, MessageId>> = {
  'account.created': 'audit.account_created',
  'account.imported': 'audit.account_imported',
  'account.updated': 'audit.account_updated',
  'account.deleted': 'audit.account_deleted',
  'account.blocked': 'audit.account_blocked',
  'account.unblocked': 'audit.account_unblocked',
  'account.activated': 'audit.account_activated',
  'account.deactivated': 'audit.account_deactivated',
  'account.role': 'audit.account_role',
  'account.password': 'audit.account_password',
  'account.provisioned': 'audit.account_provisioned',
  'apikey.created': 'audit.apikey_created',
  'apikey.updated': 'audit.apikey_updated',
  'apikey.deleted': 'audit.apikey_deleted',
  'device.removed': 'audit.device_removed',
  'auth.reset.ok': 'audit.auth_reset_ok',
  'auth.session.revoked': 'audit.auth_session_revoked',
  'account.email': 'audit.account_email',
  'account.phone': 'audit.account_phone',
  'auth.login.ok': 'audit.auth_login_ok',
  'auth.logout': 'audit.auth_logout',
  'auth.reset.sent': 'audit.auth_reset_sent',
  'auth.code.sent': 'audit.auth_code_sent',
  'auth.code.ok': 'audit.auth_code_ok',
  'auth.qr.created': 'audit.auth_qr_created',
  'auth.qr.approved': 'audit.auth_qr_approved',
  'auth.qr.redeemed': 'audit.auth_qr_redeemed',
  'auth.recovery.started': 'audit.auth_recovery_started',
  'audit.cut': 'audit.audit_cut',
  'audit.erased': 'audit.audit_erased',
  'export.run': 'audit.exported',
  'job.done': 'audit.job_done',
  'job.fail': 'audit.job_fail',
  'message.resent': 'audit.message_resent',
  'phone_country.added': 'audit.phone_country_added',
  'phone_country.opened': 'audit.opened',
  'phone_country.closed': 'audit.closed',
  'space.email': 'audit.space_email',
  'space.carddav': 'audit.space_carddav',
  'account_type.created': 'audit.created',
  'account_type.updated': 'audit.updated',
  'account_type.deleted': 'audit.deleted',
  'contacts_list.created': 'audit.created',
  'contacts_list.updated': 'audit.updated',
  'contacts_list.deleted': 'audit.deleted',
  'space.created': 'audit.created',
  'space.updated': 'audit.updated',
  'space.closed': 'audit.space_closed',
  'space.reopened': 'audit.space_reopened',
  'space.deleted': 'audit.deleted',
  'webhook.created': 'audit.created',
  'webhook.updated': 'audit.updated',
  'webhook.deleted': 'audit.deleted',
  'webhook.rotated': 'audit.webhook_rotated',
  'webhook.tested': 'audit.webhook_tested',
  'webhook.resent': 'audit.webhook_resent',
  'task.started': 'audit.task_started',
  'task.cancelled': 'audit.task_cancelled',
  'voicemail.created': 'audit.voicemail_created',
  'voicemail.received': 'audit.voicemail_received',
  'voicemail.deleted': 'audit.voicemail_deleted',
  'voicemail.mailed': 'audit.voicemail_mailed',
  'wizard.created': 'audit.wizard_created',
  'wizard.used': 'audit.wizard_used',
  'token.created': 'audit.created',
  'token.redeemed': 'audit.token_redeemed',
  'token.validated': 'audit.token_validated',
  'token.sent': 'audit.token_sent',
} satisfies Record<AuditAction, MessageId>

type Noun = AuditAction extends infer A ? (A extends `${infer N}.${string}` ? N : never) : never

/** What actions are about, in the order in which they are chosen from. */
const GROUPS: Readonly<Record<Noun, MessageId>> = {
  account: 'accounts.title',
  device: 'accounts.title',
  auth: 'audit.group_auth',
  token: 'audit.group_links',
  wizard: 'audit.group_links',
  voicemail: 'audit.group_voicemails',
  contacts_list: 'contacts_lists.title',
  account_type: 'types.title',
  space: 'spaces.title',
  apikey: 'named_keys.title',
  webhook: 'webhooks.title',
  phone_country: 'countries.title',
  task: 'tasks.title',
  job: 'audit.group_jobs',
  message: 'audit.group_messages',
  audit: 'audit.title',
  export: 'audit.group_files',
}

/** The actions to choose from: each the beginning of the sentence that says it, among those about the same. */
export const actionOptions = (t: Translate): readonly GroupedOption[] =>
  Object.entries(GROUPS).flatMap(([noun, group]) =>
    AUDIT_ACTIONS.filter((action) => action.startsWith(`${noun}.`)).map((action) => {
      const said = t(ACTION_WORDS[action] as MessageId).replace(/:$/, '')
      return { value: action, label: `${said.charAt(0).toUpperCase()}${said.slice(1)}…`, group: t(group) }
    }),
  )

/** What a subject is called where it has no name. */
export const KIND_WORDS: Readonly<Record<string, MessageId>> = {
  account: 'audit.an_account',
  'account type': 'audit.an_account_type',
  'contacts list': 'audit.a_contacts_list',
  database: 'audit.a_database',
  'audit log': 'audit.an_audit_log',
  job: 'audit.a_job',
  message: 'audit.a_message',
  'phone country': 'audit.a_phone_country',
  space: 'audit.a_space',
  task: 'audit.a_task',
  token: 'audit.a_token',
  webhook: 'audit.a_webhook',
} satisfies Record<SubjectKind, MessageId>

/** What a task does, by its kind, which is its name. */
export const TASK_WORDS: Readonly<Record<string, MessageId>> = {
  account_bulk: 'audit.task_account_bulk',
  account_import: 'audit.task_account_import',
}

export const WAY_WORDS: Readonly<Record<AuditRow['way'], MessageId>> = {
  api: 'audit.by_api',
  panel: 'audit.by_panel',
  cli: 'audit.by_cli',
  job: 'audit.by_job',
  hook: 'audit.by_hook',
  import: 'audit.by_import',
}

const NOUN_ICONS: Readonly<Record<string, IconName>> = {
  account: 'user',
  account_type: 'door-open',
  apikey: 'key',
  auth: 'lock',
  contacts_list: 'contact',
  audit: 'scroll-text',
  device: 'smartphone',
  export: 'download',
  job: 'clock',
  message: 'mail',
  phone_country: 'globe',
  space: 'sliders',
  task: 'list-checks',
  token: 'smartphone',
  voicemail: 'voicemail',
  webhook: 'send',
  wizard: 'external-link',
}

export const iconOf = (action: string): { readonly icon: IconName; readonly tone?: 'bad' } => {
  const noun = action.split('.')[0] ?? ''
  if (action.endsWith('.deleted')) return { icon: 'trash', tone: 'bad' }
  if (action === 'account.blocked') return { icon: 'ban', tone: 'bad' }
  if (action === 'account.created') return { icon: 'user-plus' }
  if (action === 'account.password') return { icon: 'lock' }
  return { icon: NOUN_ICONS[noun] ?? 'activity' }
}
