import type { VNode } from 'preact'
import type { AuditRow } from '../../audit/entry.ts'
import { auditWire } from '../../audit/wire.ts'
import { Link } from '../../panel/components/button.tsx'
import { More } from '../../panel/components/card.tsx'
import { type RowItem, Rows } from '../../panel/components/list.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { useKit } from '../../panel/kit.tsx'
import { LIST_PATH } from '../accounts-list/rules.ts'
import { ACTION_WORDS, iconOf, KIND_WORDS, TASK_WORDS, WAY_WORDS } from './words.ts'

/** What was written down, each with who did it, to what, and which fields changed. */
export const AuditRows = ({ rows }: { rows: readonly AuditRow[] }): VNode => (
  <Rows
    items={rows.map(
      (row): RowItem => ({
        ...iconOf(row.action),
        title: <Sentence of={row} />,
        note: <Around of={row} />,
        below: <Changes of={row} />,
      }),
    )}
  />
)

const Actor = ({ of: { actorKind, actorId, actorName, actorKey } }: { of: AuditRow }): VNode => {
  const { t } = useKit()
  const erased = actorId === null ? t('audit.somebody') : t('audit.account_number', { id: actorId })
  const name =
    actorKind === 'job' ? t('audit.server') : actorKind === 'command line' ? t('audit.operator') : (actorName ?? erased)
  return (
    <>
      <b>{name}</b>
      {actorKind === 'job' || actorKind === 'command line' ? (actorName === null ? null : ` (${actorName})`) : null}
      {actorKey === null ? null : ` (${t('audit.key', { name: actorKey })})`}
    </>
  )
}

/** Where there is a page about it, a link. */
const Subject = ({ of: { action, subjectKind, subjectId, subjectName } }: { of: AuditRow }): VNode | null => {
  const { t } = useKit()
  // The verb says it all: a message to nobody who is known, some countries.
  if (subjectId === null && subjectName === null && subjectKind !== 'audit log') return null
  const words = KIND_WORDS[subjectKind]
  const kind = words === undefined ? subjectKind : t(words)
  const task = subjectKind === 'task' ? TASK_WORDS[subjectName ?? ''] : undefined
  const named = subjectKind === 'webhook' && subjectName !== null ? `${kind} ${subjectName}` : subjectName
  const name = task === undefined ? (named ?? `${kind}${subjectId === null ? '' : ` ${subjectId}`}`) : t(task)
  const isThere = subjectId !== null && !action.endsWith('.deleted')
  if (isThere && subjectKind === 'account') return <Link to={`${LIST_PATH}/${subjectId}`}>{name}</Link>
  if (isThere && subjectKind === 'webhook') return <Link to={`/admin/webhooks/${subjectId}`}>{name}</Link>
  if (isThere && subjectKind === 'task') return <Link to={`/admin/tasks/${subjectId}`}>{name}</Link>
  return <>{name}</>
}

const Sentence = ({ of: row }: { of: AuditRow }): VNode => {
  const { t } = useKit()
  const words = ACTION_WORDS[row.action]
  return (
    <>
      <Actor of={row} /> {words === undefined ? <code>{row.action}</code> : t(words)} <Subject of={row} />
    </>
  )
}

const Around = ({ of: { at, way, address, domain } }: { of: AuditRow }): VNode => {
  const { t, space } = useKit()
  return (
    <>
      <Moment at={at} /> · {t(WAY_WORDS[way])}
      {address === null ? null : ` · ${address}`}
      {domain === null || domain === space.domain ? null : ` · ${domain}`}
    </>
  )
}

const shown = (value: unknown): string =>
  value === null ? '–' : Array.isArray(value) ? value.map(String).join(', ') : String(value)

/** The fields that changed, with their values where those may be written down. */
const Changes = ({ of: row }: { of: AuditRow }): VNode | null => {
  const { t } = useKit()
  const { fields, values } = auditWire(row)
  if (fields.length === 0) return null
  return (
    <div class="below">
      <More title={t('audit.fields', { names: fields.join(', ') })}>
        <table class="table compact">
          <caption class="hidden">{t('audit.field')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('audit.field')}</th>
              <th scope="col">{t('audit.before')}</th>
              <th scope="col">{t('audit.after')}</th>
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => {
              const pair = values[field]
              const [before, after] = Array.isArray(pair) ? pair.map(shown) : []
              return (
                <tr>
                  <th scope="row">
                    <code>{field}</code>
                  </th>
                  {before === undefined ? (
                    <td colSpan={2} class="muted">
                      {t('audit.not_kept')}
                    </td>
                  ) : (
                    <>
                      <td>{before}</td>
                      <td>{after}</td>
                    </>
                  )}
                </tr>
              )
            })}
          </tbody>
        </table>
      </More>
    </div>
  )
}
