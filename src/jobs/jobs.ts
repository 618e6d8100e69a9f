import type { AccountFiles } from '../accounts/account-files/account-files.ts'
import type { AccountHousekeeping } from '../accounts/accounts/housekeeping.ts'
import type { AuditErasure } from '../audit/erasure.ts'
import type { AuditRetention } from '../audit/retention.ts'
import type { Config } from '../config/config.ts'
import type { Limits } from '../http/limits.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { SpaceDeletion } from '../spaces/spaces/deletion.ts'
import { DEFAULT_THRESHOLDS, type ExpiryNotices } from '../spaces/spaces/expiry-notices.ts'
import type { Webhooks } from '../spaces/webhooks/webhooks.ts'
import type { Tasks } from '../tasks/tasks.ts'
import type { StatisticsClearing } from '../telephony/statistics/clearing.ts'
import type { Voicemails } from '../telephony/voicemails/voicemails.ts'

/** What a job is told when it runs. */
export interface Occasion {
  /** The job ends after its transaction: the process stops, or another one has taken over. */
  readonly signal: AbortSignal
  /** When it last ended well; null: never. */
  readonly previous: Date | null
}

export interface Job {
  readonly name: string
  /** Commands that do the same, from the reference or ours. */
  readonly commands: readonly string[]
  /** A cron pattern in UTC. */
  readonly schedule: string
  /**
   * true: what it does says nothing about anybody, many times an hour: counts of requests, an index. It leaves no row of
   * the audit log.
   */
  readonly isMinor?: boolean
  /** Resolves to how much there was to do. */
  readonly run: (occasion: Occasion) => Promise<number>
}

/** Everything that has to be done again and again (behaviour/operations.md §3). */
export const jobs = (deps: {
  accountFiles: AccountFiles
  config: Config
  housekeeping: AccountHousekeeping
  limits: Limits
  outbox: Outbox
  tasks: Tasks
  expiryNotices: ExpiryNotices
  spaceAdministration: Pick<SpaceDeletion, 'purge'>
  statisticsClearing: StatisticsClearing
  voicemails: Voicemails
  auditRetention: AuditRetention
  auditErasure: AuditErasure
  webhooks: Webhooks
  now: () => Date
}): readonly Job[] => {
  const { accountFiles, config, housekeeping, limits, outbox, tasks, expiryNotices, spaceAdministration } = deps
  const { statisticsClearing, voicemails, webhooks, auditRetention, auditErasure, now } = deps
  return [
    {
      name: 'tombstones',
      commands: ['accounts:clear-accounts-tombstones'],
      schedule: '10 0 * * *',
      run: ({ signal }) => housekeeping.tombstones(config.TOMBSTONES_RETENTION_DAYS, { apply: true, signal }),
    },
    {
      name: 'unconfirmed-accounts',
      commands: ['accounts:clear-unconfirmed'],
      schedule: '20 0 * * *',
      run: ({ signal }) => {
        const options = { apply: true, signal, confirmed: false, domain: null }
        return housekeeping.unconfirmed(config.UNCONFIRMED_RETENTION_DAYS, options)
      },
    },
    {
      name: 'api-keys',
      commands: ['accounts:clear-api-keys', 'digest:clear-api-keys'],
      schedule: '*/5 * * * *',
      run: ({ signal }) => housekeeping.apiKeys(config.APP_API_KEY_EXPIRATION_MINUTES, { signal }),
    },
    {
      name: 'tokens',
      commands: ['tokens:clear'],
      schedule: '15 * * * *',
      run: ({ signal }) => housekeeping.tokens(config.TOKENS_RETENTION_DAYS, { apply: true, signal }),
    },
    {
      name: 'statistics',
      commands: ['app:clear-statistics'],
      schedule: '30 0 * * *',
      run: ({ signal }) => statisticsClearing.clear(config.STATISTICS_RETENTION_DAYS, { apply: true, signal }),
    },
    {
      name: 'nonces',
      isMinor: true,
      commands: ['digest:clear-opaques', 'digest:clear-nonces'],
      schedule: '*/10 * * * *',
      run: ({ signal }) => housekeeping.nonces({ signal }),
    },
    {
      name: 'captcha-answers',
      isMinor: true,
      commands: [],
      schedule: '*/10 * * * *',
      run: ({ signal }) => housekeeping.captchaAnswers({ signal }),
    },
    {
      name: 'rate-limits',
      isMinor: true,
      commands: [],
      schedule: '*/10 * * * *',
      run: ({ signal }) => limits.clear(now(), signal),
    },
    {
      name: 'account-words',
      isMinor: true,
      commands: [],
      schedule: '*/5 * * * *',
      run: ({ signal }) => housekeeping.words({ signal }),
    },
    {
      name: 'sessions',
      commands: [],
      schedule: '25 * * * *',
      run: ({ signal }) => housekeeping.sessions({ signal }),
    },
    {
      name: 'account-imports',
      commands: [],
      schedule: '*/10 * * * *',
      run: ({ signal }) => accountFiles.clear({ signal }),
    },
    { name: 'tasks', commands: [], schedule: '50 * * * *', run: ({ signal }) => tasks.clear({ signal }) },
    {
      name: 'audit-retention',
      commands: ['audit:cut'],
      schedule: '50 0 * * *',
      run: ({ signal }) => auditRetention.cut({ signal }),
    },
    // Of accounts that were deleted, where AUDIT_ERASE says so.
    {
      name: 'audit-erasure',
      commands: [],
      schedule: '*/5 * * * *',
      run: ({ signal }) => auditErasure.eraseDeleted({ signal }),
    },
    { name: 'outbox', commands: [], schedule: '35 * * * *', run: ({ signal }) => outbox.clear({ signal }) },
    {
      name: 'webhook-deliveries',
      commands: [],
      schedule: '40 * * * *',
      run: ({ signal }) => webhooks.clear({ signal }),
    },
    {
      name: 'voicemails',
      commands: ['accounts:clear-files'],
      schedule: '45 * * * *',
      run: ({ signal }) => voicemails.clear(config.FILES_RETENTION_DAYS, { apply: true, signal }),
    },
    // Of accounts that were deleted, too: nobody else looks after what they leave.
    {
      name: 'deleted-voicemails',
      commands: [],
      schedule: '* * * * *',
      run: ({ signal }) => voicemails.removeDisowned(signal),
    },
    {
      name: 'orphaned-files',
      commands: [],
      schedule: '30 3 * * *',
      run: ({ signal }) => voicemails.removeOrphans(signal),
    },
    {
      name: 'space-expiry',
      commands: ['spaces:expiration-emails'],
      schedule: '0 7 * * *',
      run: (occasion) => expiryNotices.send(DEFAULT_THRESHOLDS, occasion),
    },
    // Of those that were closed a week ago; and what a process that died had begun to delete.
    {
      name: 'space-deletion',
      commands: [],
      schedule: '* * * * *',
      run: ({ signal }) => spaceAdministration.purge({ signal }),
    },
  ]
}
