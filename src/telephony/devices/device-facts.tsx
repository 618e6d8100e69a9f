import type { VNode } from 'preact'
import type { Visit } from '../../nouns/visit.ts'
import { texts } from '../../panel/layout.tsx'
import { moment } from '../../panel/moment.tsx'
import type { Device } from './devices.ts'

export const deviceFacts = (visit: Visit, { userAgent, updatedAt }: Device): VNode => {
  const t = texts(visit)
  return (
    <dl>
      <dt>{t('devices.user_agent')}</dt>
      <dd>{userAgent === '' ? t('panel.unknown') : userAgent}</dd>
      <dt>{t('devices.updated')}</dt>
      <dd>{moment(visit, updatedAt)}</dd>
    </dl>
  )
}
