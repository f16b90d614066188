"""Every act that is recorded, and what its event says."""

ACTIONS = {
    "account.login": "Somebody logged in.",
    "account.login_failed": "A login was refused. The subject is the account, if "
    "there is one of that name; other names are not kept, for people type passwords "
    "into the wrong field.",
    "account.logout": "Somebody logged out.",
    "account.create": "An account was made.",
    "account.change": "An account was made active, staff or superuser, or no longer.",
    "account.password": "A password was set anew. Nothing of it is kept.",
    "account.delete": "An account was deleted. One with a role in a study cannot be.",
    "account.groups": "An account entered or left a group.",
    "account.permissions": "An account got or lost a permission of its own.",
    "upload.create": "Files of a cohort were sent.",
    "upload.discard": "Files that were sent are forgotten without an import.",
    "cohort.import": "A cohort was made from its files.",
    "case.central_slice": "The slice at which a case is read was corrected.",
    "weights.add": "Weights of a network came in, shipped or uploaded.",
    "job.request": "The images of a cohort by one method were asked for.",
    "job.cancel": "A job was stopped.",
    "job.retry": "A job that had failed or been stopped was asked for again.",
    "study.create": "A draft of a study was made.",
    "study.update": "A draft was written anew.",
    "member.add": "A person got a role in a study.",
    "member.remove": "A person lost their role in a study.",
    "study.open": "The protocol was frozen and the plan drawn.",
    "study.simulate": "The readers of a study were declared to be simulated.",
    "read.submit": "An answer was stored: a version of the scores of one read.",
    "study.close": "No read is shown or answered any more.",
    "study.unblind": "From now on scores may be seen with their arms.",
    "study.export": "The CSV files of an unblinded study were given out.",
}
