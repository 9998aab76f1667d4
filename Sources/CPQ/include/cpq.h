// libpq, PostgreSQL's own client library, opened when a database is first connected to: it brings TLS and Kerberos
// along, which no other command should load.
#ifndef CPQ_H
#define CPQ_H

#include <postgresql/libpq-fe.h>

// The functions used, each once: the table's fields, their types and their look-up follow from this list.
#define CPQ_FUNCTIONS(USE)      \
    USE(PQlibVersion)           \
    USE(PQconnectdbParams)      \
    USE(PQconninfoParse)        \
    USE(PQconninfoFree)         \
    USE(PQfinish)               \
    USE(PQstatus)               \
    USE(PQtransactionStatus)    \
    USE(PQserverVersion)        \
    USE(PQhost)                 \
    USE(PQport)                 \
    USE(PQdb)                   \
    USE(PQerrorMessage)         \
    USE(PQsetNoticeProcessor)   \
    USE(PQexec)                 \
    USE(PQexecParams)           \
    USE(PQprepare)              \
    USE(PQexecPrepared)         \
    USE(PQdescribePrepared)     \
    USE(PQdescribePortal)       \
    USE(PQsendQueryPrepared)    \
    USE(PQsetSingleRowMode)     \
    USE(PQconsumeInput)         \
    USE(PQisBusy)               \
    USE(PQsocket)               \
    USE(PQgetCancel)            \
    USE(PQcancel)               \
    USE(PQfreeCancel)           \
    USE(PQgetResult)            \
    USE(PQputCopyData)          \
    USE(PQputCopyEnd)           \
    USE(PQresultStatus)         \
    USE(PQresultErrorField)     \
    USE(PQntuples)              \
    USE(PQnfields)              \
    USE(PQnparams)              \
    USE(PQfname)                \
    USE(PQftable)               \
    USE(PQftablecol)            \
    USE(PQftype)                \
    USE(PQfformat)              \
    USE(PQgetvalue)             \
    USE(PQgetlength)            \
    USE(PQgetisnull)            \
    USE(PQcmdTuples)            \
    USE(PQcmdStatus)            \
    USE(PQclear)                \
    USE(PQfreemem)

typedef struct {
#define CPQ_FIELD(name) __typeof__(&name) _Nonnull name;
    CPQ_FUNCTIONS(CPQ_FIELD)
#undef CPQ_FIELD
} cpq_functions;

/// Opens the library, once.
///
/// @return NULL where it is missing or too old; then `message` says why.
const cpq_functions *_Nullable cpq_open(const char *_Nullable *_Nonnull message);

/// Takes notices of a server and does nothing with them.
void cpq_ignore_notice(void *_Nullable context, const char *_Nullable message);

#endif
