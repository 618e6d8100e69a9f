import type { VNode } from 'preact'
import type { ContactsList } from '../../address-books/contacts-lists/contacts-lists.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { TextArea, TextField } from '../../panel/components/fields.tsx'
import { Version } from '../../panel/components/form.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import { aboveList, aboveLists, listPath, listsPath, type OfSpace, type OneList } from './place.ts'

const LONGEST_TITLE = 255

/** What a form shows of a list, and somebody else may have changed. */
export const factsOf = ({ title, description }: Pick<ContactsList, 'title' | 'description'>) => [title, description]

const Fields = ({ list }: { list?: ContactsList }): VNode => {
  const { t } = useKit()
  return (
    <>
      <TextField name="title" label={t('contacts_lists.name')} value={list?.title} maxlength={LONGEST_TITLE} />
      <TextArea
        name="description"
        label={t('contacts_lists.description')}
        value={list?.description ?? undefined}
        rows={3}
        optional
      />
    </>
  )
}

export const newListPage = ({ t }: Kit, of: OfSpace): FormPage => ({
  title: t('contacts_lists.create'),
  lede: t('contacts_lists.why'),
  above: aboveLists(t, of),
  to: listsPath(of),
  button: t('contacts_lists.save_new'),
  cancel: [t('panel.cancel'), listsPath(of)],
  address: listsPath(of, '/create'),
  children: <Fields />,
})

export const editListPage = ({ t }: Kit, of: OneList): FormPage => ({
  title: t('contacts_lists.edit'),
  above: aboveList(t, of),
  to: listPath(of),
  button: t('account_form.save'),
  cancel: [t('panel.cancel'), listPath(of)],
  address: listPath(of, '/edit'),
  children: (
    <>
      <Version of={factsOf(of.list)} to={listPath(of)} />
      <Fields list={of.list} />
    </>
  ),
})

/** Before a list goes, from every address book that has it. */
export const deleteListPage = ({ t }: Kit, of: OneList): FormPage =>
  confirmPage({
    title: t('contacts_lists.delete_ask', { title: of.list.title }),
    above: aboveList(t, of),
    goes: [
      t('contacts_lists.goes', { count: of.list.contactsCount }),
      t('contacts_lists.goes_books'),
      t('contacts_lists.goes_forwarding'),
    ],
    stays: [t('contacts_lists.stays')],
    to: listPath(of, '/delete'),
    button: t('contacts_lists.delete'),
    cancel: [t('panel.cancel'), listPath(of)],
    address: listPath(of, '/delete'),
  })
