import type { VNode } from 'preact'
import type { MessageId } from '../../messages/messages.ts'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Action } from '../../panel/components/form.tsx'
import { type RowItem, Rows } from '../../panel/components/list.tsx'
import { Chip } from '../../panel/components/state.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import { LIST_PATH } from '../accounts-list/rules.ts'
import { OWN_SPACE } from '../scope/scope.ts'
import { spacePath } from '../space/head.tsx'
import type { Step } from './steps.ts'

/** Below the base path. */
export const GET_STARTED_PATH = '/admin/get-started'

interface Started {
  readonly steps: readonly Step[]
  readonly isSuper: boolean
  readonly isHidden: boolean
}

interface Words {
  readonly title: MessageId
  /** What it is good for, while it is missing. */
  readonly missing: MessageId
  readonly done: MessageId
  readonly action: readonly [label: MessageId, to: string]
}

const WORDS: Readonly<Record<Step['name'], Words>> = {
  countries: {
    title: 'get_started.countries',
    missing: 'get_started.countries_missing',
    done: 'get_started.countries_done',
    action: ['get_started.countries_go', '/admin/phone_countries'],
  },
  mail: {
    title: 'get_started.mail',
    missing: 'get_started.mail_missing',
    done: 'get_started.mail_done',
    action: ['get_started.mail_go', spacePath(OWN_SPACE, '/email')],
  },
  account: {
    title: 'get_started.account',
    missing: 'get_started.account_missing',
    done: 'get_started.account_done',
    action: ['accounts.create', `${LIST_PATH}/create`],
  },
  phone: {
    title: 'get_started.phone',
    missing: 'get_started.phone_missing',
    done: 'get_started.phone_done',
    action: ['get_started.phone_go', LIST_PATH],
  },
}

/** What a new Space needs until the first phone rings (behaviour/panel.md §7.19). */
export const getStartedPage = ({ t }: Kit, facts: Started): Page => {
  const missing = facts.steps.filter(({ isDone }) => !isDone).length
  return {
    title: t('get_started.title'),
    lede: missing === 0 ? t('get_started.all_done') : t('get_started.why', { count: missing }),
    above: [[t('overview.title'), spacePath(OWN_SPACE)]],
    cards: true,
    children: (
      <div class="stack">
        <StepsCard {...facts} />
        <div class="actions">
          <Action to={`${GET_STARTED_PATH}/hide`} fields={{ hides: facts.isHidden ? 0 : 1 }}>
            {t(facts.isHidden ? 'get_started.show' : 'get_started.hide')}
          </Action>
        </div>
      </div>
    ),
  }
}

const StepsCard = ({ steps, isSuper }: Started): VNode => {
  const { t } = useKit()
  const row = ({ name, isDone }: Step): RowItem => {
    const { title, missing, done, action } = WORDS[name]
    // Countries are of the whole platform.
    const mayDo = isSuper || name !== 'countries'
    return {
      icon: isDone ? 'pass' : 'pending',
      tone: isDone ? 'good' : 'warn',
      title: (
        <>
          {t(title)}{' '}
          <Chip tone={isDone ? 'good' : 'warn'}>{t(isDone ? 'get_started.done' : 'get_started.missing')}</Chip>
        </>
      ),
      note: t(isDone ? done : mayDo ? missing : 'get_started.countries_ask'),
      action: mayDo ? (
        <ButtonLink to={action[1]} size="small" about={t(title)}>
          {t(action[0])}
        </ButtonLink>
      ) : undefined,
    }
  }
  return (
    <Card flush>
      <Rows items={steps.map(row)} />
    </Card>
  )
}
