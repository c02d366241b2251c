import { z } from 'zod'
import { accessAnswer, rightsAnswer } from '../access.js'
import { auditAnswer } from '../audit.js'
import { flag, limit, moment, route, rowId, searched, wholeNumber } from '../route.js'
import { createdTokenAnswer, tokenAnswer, tokenRequest, tokensAnswer } from '../token.js'

export const tokenRoutes = {
  list: route({
    name: 'listTokens', path: '/tokens', tag: 'access', summary: 'Tokens of whoever asks, or of everybody', description: 'Those of everybody only for who may do `administer` to `api_tokens`.',
    query: z.strictObject({ all: flag }).partial(), answer: tokensAnswer,
  }),
  create: route({
    name: 'createToken', method: 'post', path: '/tokens', tag: 'access', summary: 'Makes a token, which is told this once', description: 'It may never do more than whoever asks. A token makes none.',
    body: tokenRequest, answer: createdTokenAnswer, errors: { 409: 'There is one of this name, or there are too many.' }, action: { thing: 'api_tokens', action: 'createToken' },
  }),
  revoke: route({
    name: 'revokeToken', method: 'delete', path: '/tokens/{token}', tag: 'access', summary: 'Ends a token at once', description: 'That of somebody else only for who may do `administer` to `api_tokens`.',
    params: z.object({ token: rowId }), answer: tokenAnswer, errors: { 409: 'It works no more already.' }, action: { thing: 'api_tokens', action: 'revokeToken' },
  }),
}

export const auditRoutes = {
  list: route({
    name: 'listAudit', path: '/audit', tag: 'access', summary: 'Who did what, and what was refused', description: 'The newest first, for who may do `audit` to `control_actions`. What was done is kept for 400 days, what was refused for 30.',
    query: z.strictObject({
      actor: searched, action: searched, thing: searched, id: wholeNumber, outcome: z.enum(['done', 'refused']), since: moment.describe('Epoch seconds.'),
      until: moment.describe('Epoch seconds.'), before: wholeNumber, limit,
    }).partial(), answer: auditAnswer,
  }),
}

export const accessRoutes = {
  explain: route({
    name: 'explainAccess', path: '/access', tag: 'access', summary: 'Whether who asks may do something, and which rule decides',
    query: z.strictObject({ action: searched, thing: searched, id: wholeNumber.optional() }), answer: accessAnswer,
  }),
  rights: route({
    name: 'listRights', path: '/rights', tag: 'access', summary: 'What who asks may not do to some things, and why', description: 'So that a page offers nothing that would be refused.',
    query: z.strictObject({ thing: searched, id: z.array(wholeNumber).max(500).optional() }), answer: rightsAnswer,
  }),
}
