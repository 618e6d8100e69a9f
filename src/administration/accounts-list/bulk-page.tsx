import type { ContactsList } from '../../address-books/contacts-lists/contacts-lists.ts'
import type { MessageId } from '../../messages/messages.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { SelectField } from '../../panel/components/fields.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import { Note } from '../../panel/components/note.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { type BulkAction, LIST_PATH } from './rules.ts'

export interface BulkQuestion {
  readonly action: BulkAction['action']
  /** How many accounts; more than that where nobody has counted them all. */
  readonly count: number
  readonly isMore: boolean
  /** What says which they are, sent on as it is. */
  readonly fields: Readonly<Record<string, string>>
  /** Those of the Space, where the accounts are to be added to one. */
  readonly lists: readonly Pick<ContactsList, 'id' | 'title'>[]
  /** The list of accounts that they were chosen from. */
  readonly back: string
}

/** What is about to happen to several accounts. */
export const bulkPage = ({ t, language }: Kit, question: BulkQuestion): FormPage => {
  const { action, count, isMore, fields, lists, back } = question
  const shown = isMore
    ? t('accounts.more_than', { count: count.toLocaleString(language) })
    : count.toLocaleString(language)
  const isEnd = action === 'delete'
  const asked = {
    title: t(`bulk.ask_${action}` as MessageId, { count, shown }),
    lede: t(`bulk.why_${action}` as MessageId),
    above: [[t('accounts.title'), LIST_PATH]] as const,
    to: '/admin/accounts/bulk/start',
    button: t(`bulk.go_${action}` as MessageId),
    cancel: [t('panel.cancel'), back] as const,
    children: (
      <>
        <Hidden name="action" value={action} />
        {Object.entries(fields).map(([name, value]) => (
          <Hidden name={name} value={value} />
        ))}
        {action !== 'list' ? null : lists.length === 0 ? (
          <Note tone="warn">{t('bulk.no_lists')}</Note>
        ) : (
          <SelectField
            name="to_list"
            label={t('accounts.list')}
            options={lists.map(({ id, title }) => ({ value: String(id), label: title }))}
          />
        )}
        {action === 'sheet' ? null : <p class="muted">{t('bulk.task')}</p>}
      </>
    ),
  }
  return isEnd ? confirmPage(asked) : asked
}
