import type { ContactsList } from '../../address-books/contacts-lists/contacts-lists.ts'
import type { Language, MessageId } from '../../messages/messages.ts'
import type { Tab } from '../../panel/components/head.tsx'
import type { Translate } from '../../panel/kit.tsx'
import type { By, Chart } from '../../telephony/statistics/charts.ts'

export const STATISTICS_PATH = '/admin/statistics'
export const CALL_LOG_PATH = `${STATISTICS_PATH}/call_logs`

const MONTH = { month: 'short', year: '2-digit' } as const
const DAY = { day: 'numeric', month: 'short' } as const
const HOUR = { hour: '2-digit', minute: '2-digit' } as const

export const TITLES: Readonly<Record<Chart, MessageId>> = {
  calls: 'statistics.calls',
  messages: 'statistics.messages',
  accounts: 'statistics.accounts',
}

export const PERIOD_WORDS: Readonly<Record<By, MessageId>> = {
  day: 'statistics.by_day',
  week: 'statistics.by_week',
  month: 'statistics.by_month',
  year: 'statistics.by_year',
}

/** The pages of statistics, in reading order. */
export const statisticsTabs = (t: Translate): readonly Tab[] => [
  { label: t('statistics.calls'), to: `${STATISTICS_PATH}/calls` },
  { label: t('statistics.messages'), to: `${STATISTICS_PATH}/messages` },
  { label: t('statistics.accounts'), to: `${STATISTICS_PATH}/accounts` },
  { label: t('statistics.call_log'), to: CALL_LOG_PATH },
]

/** Whose numbers and calls can be chosen: those of a list, and for a super administrator those of a Space. */
export interface Choosable {
  readonly lists: readonly Pick<ContactsList, 'id' | 'title'>[]
  readonly domains: readonly string[]
}

/** For `Filters`; a choice of nothing, or of one Space, is none. */
export const whoseChoices = (t: Translate, { lists, domains }: Choosable) => [
  ...(lists.length === 0
    ? []
    : [
        {
          name: 'contacts_list',
          label: t('accounts.list'),
          options: lists.map(({ id, title }) => ({ value: String(id), label: title })),
        },
      ]),
  ...(domains.length < 2
    ? []
    : [
        {
          name: 'domain',
          label: t('accounts.space'),
          options: domains.map((domain) => ({ value: domain, label: domain })),
        },
      ]),
]

/** `2026-03-01 10`, `2026-03-01` or `2026-03` as people write it; `short` where there is little room. */
export const whenText = (key: string, language: Language, short = false): string => {
  const [day = '', hour] = key.split(' ')
  const at = new Date(`${day.length === 7 ? `${day}-01` : day}T${hour ?? '00'}:00:00Z`)
  const date = day.length === 7 ? MONTH : hour === undefined ? DAY : short ? HOUR : { ...DAY, ...HOUR }
  return new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, { ...date, timeZone: 'UTC' }).format(at)
}
