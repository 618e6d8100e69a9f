import type { AuditRow } from '../../audit/entry.ts'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Filters } from '../../panel/components/filters.tsx'
import { Empty } from '../../panel/components/note.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'
import { AuditRows } from './rows.tsx'
import { actionOptions } from './words.ts'

export const AUDIT_PATH = '/admin/audit_log'

export interface ShownAudit {
  readonly rows: readonly AuditRow[]
  readonly listing: Listing
  /** The page of the file, with what was chosen here. */
  readonly file: string
  /** As `before`; null: there are no older ones. */
  readonly next: string | null
  readonly isOlder: boolean
  /** What a super administrator can choose from. */
  readonly domains: readonly string[]
}

const dayOf = ({ at }: AuditRow): string => at.toISOString().slice(0, 10)

/** Who did what (behaviour/panel.md §7.22). */
export const auditPage = ({ t, language }: Kit, facts: ShownAudit): Page => {
  const { rows, listing, next, isOlder, domains, file } = facts
  const day = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, { dateStyle: 'full', timeZone: 'UTC' })
  return {
    title: t('audit.title'),
    lede: t('audit.why'),
    wide: true,
    cards: true,
    actions: (
      <ButtonLink to={file} icon="download">
        {t('audit.export')}
      </ButtonLink>
    ),
    children: (
      <Filters
        listing={listing}
        label={t('audit.title')}
        id="audit"
        search={{ name: 'actor', label: t('audit.who') }}
        also={{ name: 'subject', label: t('audit.to_what') }}
        choices={[
          {
            name: 'action',
            label: t('audit.what'),
            options: actionOptions(t),
          },
          ...(domains.length < 2
            ? []
            : [
                {
                  name: 'domain',
                  label: t('accounts.space'),
                  options: domains.map((domain) => ({ value: domain, label: domain })),
                },
              ]),
        ]}
        dates={[
          { name: 'since', label: t('audit.since') },
          { name: 'until', label: t('audit.until') },
        ]}
      >
        {rows.length === 0 ? (
          <Card>
            <Empty
              icon="scroll-text"
              title={t('audit.none')}
              actions={<ButtonLink to={AUDIT_PATH}>{t('audit.all')}</ButtonLink>}
            >
              {t('audit.none_why')}
            </Empty>
          </Card>
        ) : (
          [...Map.groupBy(rows, dayOf)].map(([date, ofDay]) => (
            <Card flush title={day.format(new Date(date))}>
              <AuditRows rows={ofDay} />
            </Card>
          ))
        )}
        {next === null && !isOlder ? null : (
          <nav class="actions" aria-label={t('panel.pages')}>
            {isOlder ? <ButtonLink to={listing.link({})}>{t('audit.newest')}</ButtonLink> : null}
            {next === null ? null : <ButtonLink to={listing.link({ before: next })}>{t('audit.older')}</ButtonLink>}
          </nav>
        )}
      </Filters>
    ),
  }
}
