"""How people state the facts of a life, and the several ways to ask for each: the table behind the data sets.

A block is a family: `# name kind [many]`, lines `s` of statements and `q` of questions, wordings parted by ` / `. `{S}` is whom it is
about, `{P}` the possessive, `{O}` the object form, `{v}` the value, and `[a|b]` is `a` of the first person and `b` of others. The
kind says what sort of value it is, for the invented people of the replay. What no family knows is read by `clauses`.
"""

# ruff: noqa: E501 -- a family reads better in a line a kind than in thirty

TEXT = """
# mother person
s {P} mother is called {v} / {P} mother's name is {v} / the name of {P} mother is {v} / {P} (?:mother|mum|mom) (?:is called|goes by the name of|is (?=[A-Z])) ?{v} / {P} (?:mum|mom)'s name is {v} / the name of {P} (?:mum|mom) is {v} / {P} mum is called {v}
q what is {P} mother called / what is {P} mother's name / who is {P} mother / what is the name of {P} mother / who is {P} mum / what is {P} mum called / what is {P} mum's name / what is the name of {P} mum / how is {P} mother called / what name does {P} mother have / who is {P} mom / tell me {P} mother's name / do you know {P} mum's name
# father person
s {P} father is called {v} / {P} father's name is {v} / the name of {P} father is {v} / {P} (?:father|dad|daddy) (?:is called|goes by the name of|is (?=[A-Z])) ?{v} / {P} (?:dad|daddy)'s name is {v} / the name of {P} (?:dad|daddy) is {v} / {P} dad is called {v}
q what is {P} father called / what is {P} father's name / who is {P} father / what is the name of {P} father / who is {P} dad / what is {P} dad called / what is {P} dad's name / what is the name of {P} dad / how is {P} father called / what name does {P} father have / who is {P} daddy / tell me {P} father's name / do you know {P} dad's name
# password code
s {P} (?:new )?(?:login |computer )?password is {v} / {S} [use|uses] the password {v} / the password {S} [use|uses] is {v} / {P} password was changed to {v} / the password (?:of|for) {P} (?:account|computer|login) is {v}
q what is {P} password / which password [do|does] {S} use / what password [do|does] {S} have / which password [do|does] {S} have / what password [do|does] {S} use / what is {P} login password / what is the password of {P} account / what was {P} password changed to / with which password [do|does] {S} log in / what is the password {S} [use|uses] / what [do|does] {S} log in with
# wifi code
s {P} (?:new )?(?:wifi|Wi-Fi|wireless) (?:password|key|code) is {v} / the (?:password|key|code) (?:of|for|to) {P} (?:wifi|Wi-Fi|wireless) is {v} / {P} wifi password is {v} / {P} wifi needs the password {v}
q what is {P} wifi password / what is the password for {P} wifi / what is {P} wifi key / which password does {P} wifi have / what is the key for {P} wifi / what is the wifi password / what is the code for {P} wifi / how can I get into {P} wifi / which password [do|does] {S} need for the wifi / what is the password of {P} wifi / what password does {P} wifi need
# called word
s {P} {N} (?:is called|listens to the name) {v} / {P} {N}'s name is {v} / the name of {P} {N} is {v} / {S} [have|has] an? {N} (?:named|called) {v} / {P} {N} goes by the name of {v} / {v} is the name of {P} {N} / {v} is what {P} {N} is called / the name {S} gave {P} {N} is {v} / {P} (?=(?:sister|brother|mother|father|mum|dad|son|daughter|dog|cat|cousin|aunt|uncle|friend)\\b){N} is (?=[A-Z]){v}
q what is {P} {N} called / what is {P} {N}'s name / what is the name of {P} {N} / who is {P} {N} / what name does {P} {N} have / tell me {P} {N}'s name / do you know {P} {N}'s name / what do we call {P} {N} / how is {P} {N} called / by what name does {P} {N} go / which name does {P} {N} have
# colour colour
s {P} favourite colour is {v} / {S} [like|likes] {v} best of all colours / {S} [like|likes] {v} more than any other colour / {S} [prefer|prefers] {v} to all other colours / {v} is the colour {S} [like|likes] best / the colour {S} [like|likes] best is {v} / the colour {S} [love|loves] most is {v} / of all colours {S} [prefer|prefers] {v} / {P} favourite (?:shade|color) is {v}
q what is {P} favourite colour / which colour [do|does] {S} like most / what colour [do|does] {S} prefer / which colour [do|does] {S} love / what is the colour {S} [like|likes] best / which colour [do|does] {S} like best / what colour [do|does] {S} love most / which colour is {P} favourite / what colour [do|does] {S} like / what colour [do|does] {S} like most / which colour [do|does] {S} prefer / what is {P} favourite shade / which colour pleases {O} most / what is the colour {S} [love|loves]
# home city
s {S} (?:just )?[live|lives] in (?:the city of )?{v} / {S} (?:just |have |has )*moved to {v} / {P} home is in {v} / {S} [am|is] (?:living|based) in {v} / {S} [have|has] a (?:flat|house|home) in {v} / {v} is where {S} [live|lives]
q where [do|does] {S} live / which city [do|does] {S} live in / what is the place {S} [live|lives] in / in which city [do|does] {S} live / where is {P} home / which town [do|does] {S} live in / where [am|is] {S} living / in what town is {P} home / where is {P} house / where [am|is] {S} based / what city [do|does] {S} live in / what town [do|does] {S} live in / where is it that {S} [live|lives] / in which town [do|does] {S} live / what is {P} home town / where did {S} move to / which city is {P} home in / where [have|has] {S} got a flat
# birthplace city
s {S} [was|was] born (?:and raised )?in (?!\\d){v} / {P} birthplace is {v} / {P} place of birth is {v} / {S} came into the world in {v} / {v} is the town {S} [was|was] born in / the (?:city|town|place) {S} [was|was] born (?:in )?is {v}
q where [was|was] {S} born / what is {P} birthplace / which town [was|was] {S} born in / in which city [was|was] {S} born / what is {P} place of birth / what city [was|was] {S} born in / which place [was|was] {S} born in / which is the city {S} [was|was] born in / in what town [was|was] {S} born / where did {S} come into the world / in which town [was|was] {S} born / where is {P} place of birth / where is {P} birthplace / what is the town {S} [was|was] born in
# origin country
s {S} [come|comes] from {v} / {S} [am|is] from {v} / {S} grew up in {v} / {P} family is from {v} / {S} [was|was] raised in {v} / {P} home country is {v} / {S} spent {P} childhood in {v}
q where [do|does] {S} come from / where [am|is] {S} from / which country [do|does] {S} come from / where did {S} grow up / what is {P} home country / which country [am|is] {S} from / what country [am|is] {S} from / in which country did {S} grow up / what country [do|does] {S} come from / where is {P} family from / where [was|was] {S} raised / which country is {P} home / where did {S} spend {P} childhood / in what country did {S} grow up / where [am|is] {S} originally from
# job job
s {S} [work|works] as {v} / {P} (?:job|profession) is (?:being )?{v} / {S} [am|is] working as {v} / {S} [earn|earns] (?:a living|{P} money|money) as {v} / {S} [make|makes] a living as {v} / {S} got a job as {v} / by profession {S} [am|is] {v}
q what [do|does] {S} work as / what is {P} job / what [do|does] {S} do for a living / what is {P} profession / what work [do|does] {S} do / what [am|is] {S} working as / as what [do|does] {S} work / how [do|does] {S} earn {P} money / what job [do|does] {S} have / how [do|does] {S} make a living / what is it that {S} [do|does] for work / which job [do|does] {S} have / what is {P} occupation / what [am|is] {S} by profession / what kind of job [do|does] {S} have
# employer company
s {S} [work|works] (?:for|at) (?!a desk){v} / {P} (?:employer|company) is {v} / {S} [am|is] employed (?:at|by) {v} / {S} (?:just )?started at {v} / {S} [have|has] a job at {v} / {S} got hired by {v} / the company {S} [work|works] (?:for|at) is {v}
q who [do|does] {S} work for / where [do|does] {S} work / which company [do|does] {S} work for / who is {P} employer / where [am|is] {S} employed / what company [do|does] {S} work at / what is {P} company / what is {P} employer / what company [do|does] {S} work for / who [am|is] {S} employed by / at which company [do|does] {S} work / where [do|does] {S} have a job / who hired {O} / which company [am|is] {S} employed at / which company [do|does] {S} work at / who pays {P} wages
# dream job
s {S} [want|wants] to (?:become|be) (?!called ){v} / {P} dream (?:job )?is (?:to become |being )?{v} / {S} [am|is] training to be {v} / {S} [dream|dreams] of being {v} / one day {S} [hope|hopes] to be {v} / {S} would like to be {v}(?: one day)?
q what [do|does] {S} want to become / what is {P} dream job / what would {S} like to be / what [am|is] {S} training to be / what [do|does] {S} hope to be / what [do|does] {S} want to be one day / what is {P} dream / which job [do|does] {S} dream of / what [do|does] {S} dream of being / what [do|does] {S} want to be / what job would {S} like / what [do|does] {S} hope to be one day / what [do|does] {S} hope to become
# study subject
s {S} [study|studies] {v} / {S} [am|is] studying {v} / {P} (?:degree is in|subject is) {v} / {S} [am|is] a student of {v} / {S} [take|takes] a degree in {v} / {S} [am|is] taking a degree in {v}
q what [do|does] {S} study / what [am|is] {S} studying / which subject [do|does] {S} study / what is {P} subject / what is {P} degree in / what [am|is] {S} a student of / which subject [am|is] {S} studying / what subject [do|does] {S} study / what degree [do|does] {S} take / which degree [am|is] {S} taking / at university what [do|does] {S} study / what subject [am|is] {S} studying / in which subject is {P} degree
# school school
s {S} [go|goes] to {v} school / {P} school is {v} / {S} [attend|attends] {v} / {S} [am|is] a pupil at {v} / the school {S} [go|goes] to is {v}
q which school [do|does] {S} go to / what is {P} school / what school [do|does] {S} attend / what is {P} school called / where [do|does] {S} go to school / what is the name of {P} school / which school [do|does] {S} attend / where [am|is] {S} a pupil / what school [do|does] {S} go to / at which school [am|is] {S} / which school is {P} school / where [do|does] {S} go to class / which school [am|is] {S} at
# age age
s {S} [am|is] (?:aged )?{v} years old / {P} age is {v} / {S} (?:just )?turned (?=\\d){v} / at the moment {S} [am|is] aged {v} / {S} [have|has] reached the age of {v} / {S} will be {v} years old soon
q how old [am|is] {S} / what is {P} age / what age [am|is] {S} / which age [am|is] {S} / tell me how old {S} [am|is] / how many years old [am|is] {S} / what age did {S} turn / what is the age of {O} / how old will {S} be / how many years [do|does] {S} have / at what age [am|is] {S} / how old did {S} turn / what age [have|has] {S} reached
# birthday day
s {P} birthday is (?:on )?{v} / {P} (?:birthday|date of birth) falls on {v} / {S} [celebrate|celebrates] {P} birthday on {v} / {S} [have|has] {P} birthday on {v} / {P} date of birth is {v} / {v} is {P} birthday / {S} [was|was] born on {v}
q when is {P} birthday / what day is {P} birthday / on which day is {P} birthday / when [do|does] {S} celebrate {P} birthday / what is {P} date of birth / which date is {P} birthday / when [do|does] {S} have {P} birthday / on what day [was|was] {S} born / what date is {P} birthday / what is the date of {P} birthday / which day is {P} birthday / what day [was|was] {S} born on / when should I congratulate {O} / on which date is {P} birthday / when does {P} birthday fall
# birthyear year
s {P} (?:year of birth|birth year) is {v} / {S} [was|was] born (?:back )?in {v} / the year of {P} birth is {v} / {v} is the year {S} [was|was] born
q in which year [was|was] {S} born / what is {P} year of birth / when [was|was] {S} born / what year [was|was] {S} born / what is {P} birth year / which year [was|was] {S} born in / which is {P} year of birth / in what year [was|was] {S} born / what is the year of {P} birth / which year is {S} from / what year is {P} year of birth
# phone phone
s {P} (?:new )?(?:phone number|mobile number|telephone number|phone|mobile|number) is {v} / you can call {O} on {v} / {S} can be (?:reached|called) on {v} / to ring {O}, dial {v}
q what is {P} phone number / what number can I call {O} on / what is {P} number / how can {S} be reached by phone / which number can I reach {O} on / how can I call {O} / on which number can {S} be called / what is {P} mobile number / which number should I dial for {O} / what is {P} telephone number / how can I ring {O} / on what number can {S} be reached / which is {P} phone number / how can {S} be called / where can I call {O}
# email email
s {P} (?:new )?(?:email address|email|mail address|e-mail) is {v} / {S} can be reached at {v} / (?:write|send .*) to {O} at {v} / send {O} an email at {v} / {O} you reach by mail at {v}
q what is {P} email address / what is {P} email / at which address can I email {O} / what is {P} mail address / how can I email {O} / where can I write to {O} / at what address can {S} be reached / where can I email {O} / what is {P} mail / how can I reach {O} by mail / which address should I write to for {O} / what address can I email {O} at / which email address [do|does] {S} have
# street address
s {P} (?:new |home )*address is {v} / {S} [live|lives] at {v} / {P} house is at {v} / mail for {O} goes to {v} / {S} [have|has] a house at {v}
q what is {P} address / at which address [do|does] {S} live / what is {P} home address / where is {P} house / which street [do|does] {S} live on / what street [do|does] {S} live on / which address [do|does] {S} have / at what address [do|does] {S} live / where does mail for {O} go / what is the address of {P} house / where should I send {P} mail / in which street [do|does] {S} live
# food dish
s {P} favourite (?:food|dish|meal) is {v} / {S} [love|loves] eating {v} / {S} could eat {v} every day / {S} [like|likes] to eat {v} / the food {S} [love|loves] most is {v} / {S} [like|likes] {v} best / nothing tastes better to {O} than {v}
q what is {P} favourite food / what [do|does] {S} love eating / which food [do|does] {S} like most / what is {P} favourite dish / what [do|does] {S} like to eat / which dish [do|does] {S} like best / what food [do|does] {S} love / what could {S} eat every day / what is {P} favourite meal / which food [do|does] {S} love / which dish [do|does] {S} like most / what food [do|does] {S} like best / what tastes best to {O} / what food [do|does] {S} love most / which food [do|does] {S} like best
# drink drink
s {P} favourite drink is {v} / {S} (?:always |usually |mostly )?[drink|drinks] (?!my |his |her |their ){v}(?: at breakfast)? / {S} [like|likes] to drink {v} / {S} [prefer|prefers] to drink {v} / {S} mostly [order|orders] {v} / the drink {S} [like|likes] best is {v}
q what is {P} favourite drink / what [do|does] {S} drink / what [do|does] {S} like to drink / which drink [do|does] {S} like best / what drink [do|does] {S} prefer / what [do|does] {S} usually drink / which drink [do|does] {S} like most / what [do|does] {S} prefer to drink / what [do|does] {S} order to drink / what [do|does] {S} drink at breakfast / what [do|does] {S} mostly order / what drink [do|does] {S} like / which drink [do|does] {S} prefer / what [do|does] {S} always drink
# dislike dish
s {S} [hate|hates] {v} / {S} [dislike|dislikes] {v} / {S} can(?:'t|not| not) stand {v} / {S} [do|does] not (?:like|eat) {v} / {S} never [eat|eats] {v} / {v} is something {S} [loathe|loathes] / the food {S} [dislike|dislikes] is {v}
q what [do|does] {S} dislike / what [do|does] {S} hate / which food [do|does] {S} dislike / what can {S} not stand / what [do|does] {S} not like / what [do|does] {S} never eat / what food [do|does] {S} hate / what can't {S} stand / what food [do|does] {S} dislike / which food [do|does] {S} hate / what [do|does] {S} loathe / what food can't {S} stand / what [do|does] {S} refuse to eat / which food can't {S} stand / what food does not taste good to {O} / which food [do|does] {S} never eat
# allergy allergen many
s {S} [am|is] allergic to {v} / {S} [have|has] an allergy to {v} / {P} allergy is to {v} / {S} [have|has] an? {v} allergy / {S} [react|reacts] badly to {v} / {S} [get|gets] a rash from {v} / {v} gives? {O} a rash / {S} (?:can't eat|cannot eat|must avoid) {v} because of an allergy
q what [am|is] {S} allergic to / which allergy [do|does] {S} have / what must {S} avoid / what is {P} allergy / what [do|does] {S} react badly to / what allergies [do|does] {S} have / what gives {O} a rash / what can {S} not eat because of an allergy / which things [am|is] {S} allergic to / what should {S} avoid because of an allergy / what allergy [do|does] {S} have / what causes {O} an allergy / what [do|does] {S} get a rash from / which allergies [do|does] {S} have / what is bad for {O}
# diet diet
s {P} diet is {v} / {S} [follow|follows] an? {v} diet / {S} [am|is] on an? {v} diet / {S} (?:went|became|turned) {v} / {S} [am|is] (?:now )?(?:an? )?(?=vega|veget|pesc|flexi|keto|carni|omni|paleo){v} / {S} only [eat|eats] {v} / {S} [eat|eats] (?=[a-z]+$){v}
q what is {P} diet / which diet [do|does] {S} follow / what diet [am|is] {S} on / what kind of diet [do|does] {S} follow / which diet [am|is] {S} on / what kind of diet [am|is] {S} on / what sort of diet [do|does] {S} have / how [do|does] {S} eat / what diet [do|does] {S} follow / which kind of diet [am|is] {S} on / what [do|does] {S} eat / what kind of food [do|does] {S} eat / what is the name of {P} diet / what diet [do|does] {S} have / which diet [do|does] {S} keep to
# medicine medicine
s {S} [take|takes] (?=.*\\bmg\\b){v} / {P} (?:medicine|medication|prescription) is (?:for )?{v} / {S} [have|has] to take {v} every morning / {S} [need|needs] to take {v} every day / {P} doctor prescribed {v} / the doctor put {O} on {v}
q what medicine [do|does] {S} take / which medicine [am|is] {S} on / what is {P} medicine / what [do|does] {S} have to take / which medication [am|is] {S} on / what did {P} doctor prescribe / what medication [do|does] {S} take / which medicine [do|does] {S} take / what medicine [am|is] {S} on / what was prescribed to {O} / what is {P} prescription for / what [do|does] {S} take every morning / what is {P} medication / what drug [do|does] {S} take / which medicine [do|does] {S} need
# illness illness
s {S} [suffer|suffers] from {v} / {S} (?:was|got) diagnosed with {v} / {P} illness is {v} / {S} [am|is] ill with {v} / {S} [have|has] been suffering from {v} / the doctors say {S} [have|has] {v}
q what [do|does] {S} suffer from / which illness [do|does] {S} have / what [was|was] {S} diagnosed with / what is {P} illness / what [am|is] {S} ill with / which illness [do|does] {S} suffer from / what illness [do|does] {S} have / which disease [do|does] {S} have / what did the doctors say {S} [have|has] / what is wrong with {O} / what illness [do|does] {S} suffer from / what [have|has] {S} been suffering from / which illness [was|was] {S} diagnosed with
# blood blood
s {P} blood (?:type|group) (?:is|was found to be) {v} / {S} [have|has] blood type {v} / {S} [am|is] of blood type {v} / blood type {v} is what {S} [have|has]
q what is {P} blood type / which blood type [do|does] {S} have / what is {P} blood group / what blood type [am|is] {S} / what blood group [am|is] {S} / which blood group [do|does] {S} have / which blood group [am|is] {S} / what type is {P} blood / what blood type [do|does] {S} have / what group is {P} blood / which blood type [am|is] {S} / what blood group [do|does] {S} have
# pet animal many
s {P} pet is {v} / {S} [keep|keeps] {v} (?:at home|as a pet) / {S} [have|has] {v} at home / {S} got {v} as a pet / as a pet {S} [keep|keeps] {v} / {S} [share|shares] the house with {v} / {S} [live|lives] with (?=an? ){v} / {S} [keep|keeps] (?!my |our |his |her |their ){v}
q what pet [do|does] {S} have / what is {P} pet / which animal [do|does] {S} keep / what pets [do|does] {S} have / which pet [do|does] {S} have / what animal [do|does] {S} have / what [do|does] {S} keep as a pet / what animal [do|does] {S} keep / which animals [do|does] {S} have / what kind of pet [do|does] {S} have / what animal lives with {O} / what animals [do|does] {S} keep at home / which pets [do|does] {S} have / what did {S} get as a pet
# spouse person
s {S} [am|is] married to {v} / {S} married (?!in |on ){v} / {v} is {P} (?:partner|husband|wife|spouse) / {P} (?:partner|husband|wife|spouse) is (?:called )?{v} / {P} (?:partner|husband|wife)'s name is {v} / the name of {P} (?:partner|husband|wife) is {v} / {S} [am|is] the partner of {v} / {S} [have|has] tied the knot with {v}
q who [am|is] {S} married to / who is {P} partner / what is {P} partner's name / who did {S} marry / what is {P} partner called / to whom [am|is] {S} married / what is the name of {P} partner / what is {P} spouse called / who [am|is] {S} the partner of / who is {P} spouse / whom did {S} marry / with whom [am|is] {S} married / which person [am|is] {S} married to / who is {P} better half
# friend person
s {P} best friend is (?:called )?{v} / {v} is {P} best friend / {S} [am|is] best friends with {v} / {P} best friend's name is {v} / the name of {P} best friend is {v} / nobody is closer to {O} than {P} friend {v}
q who is {P} best friend / what is {P} best friend's name / who [am|is] {S} best friends with / what is {P} best friend called / what is the name of {P} best friend / who is {P} closest friend / which person is {P} best friend / what name does {P} best friend have / who is closest to {O} / with whom [am|is] {S} best friends / how is {P} best friend called / who [do|does] {S} call {P} best friend
# boss person
s {P} (?:boss|manager) is (?:called )?{v} / {v} is {P} (?:boss|manager) / {S} [report|reports] to {v} / {P} (?:boss|manager)'s name is {v} / the name of {P} (?:boss|manager) is {v} / at work {S} [answer|answers] to {v}
q who is {P} boss / who [do|does] {S} report to / who is {P} manager / what is {P} boss called / what is {P} boss's name / what is the name of {P} boss / to whom [do|does] {S} report / who is in charge of {O} at work / who [do|does] {S} answer to / what is {P} manager's name / what is {P} manager called / how is {P} boss called / what is the name of {P} manager / who leads {O} at work
# teacher person
s {P} teacher is (?:called )?{v} / {v} teaches {O} / {v} is {P} teacher / {S} [have|has] lessons with {v} / {P} teacher's name is {v} / the name of {P} teacher is {v} / {S} [learn|learns] from {v}
q who is {P} teacher / who teaches {O} / what is {P} teacher's name / what is {P} teacher called / what is the name of {P} teacher / who [do|does] {S} learn from / who gives {O} lessons / how is {P} teacher called / who [do|does] {S} have lessons with / from whom [do|does] {S} learn / by whom [am|is] {S} taught / what name does {P} teacher have
# landlord person
s {P} landlord is (?:called )?{v} / {S} [rent|rents] from {v} / {v} is {P} landlord / {P} landlord's name is {v} / the name of {P} landlord is {v} / the flat {S} [rent|rents] belongs to {v}
q who is {P} landlord / who [do|does] {S} rent from / what is {P} landlord's name / what is {P} landlord called / what is the name of {P} landlord / who does {P} flat belong to / who owns {P} flat / how is {P} landlord called / from whom [do|does] {S} rent / who owns the flat {S} [rent|rents] / to whom does {P} flat belong / what name does {P} landlord have
# neighbour person
s {P} neighbour is (?:called )?{v} / {v} lives next (?:door )?to {O} / {v} is {P} neighbour / next door to {O} lives {v} / {P} neighbour's name is {v} / the name of {P} neighbour is {v}
q who is {P} neighbour / who lives next door to {O} / what is {P} neighbour's name / what is {P} neighbour called / what is the name of {P} neighbour / who lives next to {O} / how is {P} neighbour called / who lives beside {O} / who is next door to {O} / which person lives next door to {O} / what name does {P} neighbour have / who lives in the flat next to {O}
# nickname word
s {P} nickname is {v} / (?:[Ee]verybody calls|[Ff]riends call|[Pp]eople call|[Mm]y friends call) {O} {v} / {S} [go|goes] by the nickname {v} / {v} is {P} nickname / {S} [have|has] the nickname {v}
q what is {P} nickname / what do people call {O} / which nickname [do|does] {S} have / what do friends call {O} / what nickname [do|does] {S} go by / what does everybody call {O} / by what nickname [do|does] {S} go / what [do|does] people call {O} / how [am|is] {S} called by friends / what name do friends call {O}
# surname surname
s {P} (?:last name|surname|family name) is {v} / {S} [have|has] the (?:last name|surname) {v} / {v} is {P} last name / {S} [sign|signs] with the surname {v}
q what is {P} last name / what is {P} surname / what is {P} family name / which last name [do|does] {S} have / what surname [do|does] {S} have / which surname [do|does] {S} have / what last name [do|does] {S} have / what is the surname of {O} / which is {P} last name
# fear animal
s {S} [am|is] (?:afraid|scared|frightened|terrified) of {v} / {P} (?:biggest )?fear is {v} / what {S} [fear|fears] most is {v} / {v} frightens? {O}
q what [am|is] {S} afraid of / what is {P} fear / what [am|is] {S} scared of / what frightens {O} / what [do|does] {S} fear most / what is {P} biggest fear / what [am|is] {S} frightened of / what scares {O} / what [do|does] {S} fear / which animal [am|is] {S} afraid of / of what [am|is] {S} afraid
# hobby activity many
s {P} (?:favourite )?hobby is {v} / {S} [enjoy|enjoys] {v} / {S} [like|likes] (?=\\w+ing){v} / {S} [love|loves] (?=\\w+ing){v} / {S} [go|goes] {v} in {P} free time / in {P} free time {S} [go|goes] {v} / for fun {S} [go|goes] {v} / {S} [spend|spends] {P} weekends {v}
q what is {P} hobby / what [do|does] {S} like doing / what [do|does] {S} do in {P} free time / which hobby [do|does] {S} have / what [do|does] {S} enjoy doing / what [do|does] {S} do for fun / what [do|does] {S} love doing / what is {P} favourite hobby / what [do|does] {S} spend {P} weekends on / how [do|does] {S} spend {P} free time
# instrument instrument many
s {S} [play|plays] the (?!game ){v} / {S} [am|is] learning the {v} / {P} instrument is the {v} / {S} [take|takes] {v} lessons / {S} can play the {v} / the instrument {S} [play|plays] is the {v} / {S} [practise|practises] the {v} / {S} [have|has] started the {v}
q which instrument [do|does] {S} play / what is {P} instrument / what instrument [am|is] {S} learning / what instrument [do|does] {S} play / which instrument can {S} play / what [do|does] {S} practise / which instrument [am|is] {S} learning / what [do|does] {S} play / which instrument did {S} learn / what can {S} play / on which instrument [do|does] {S} practise
# sport sport many
s {P} (?:favourite )?sport is {v} / the sport {S} (?:play|plays|do|does) is {v} / {S} [do|does] {v} as a sport / {S} [train|trains] {v} / {S} [like|likes] to play {v} / {S} [play|plays] (?!the |.* online){v}
q which sport [do|does] {S} play / what is {P} favourite sport / what sport [do|does] {S} do / what is {P} sport / what sport [do|does] {S} play / which sport [do|does] {S} like / which sport [do|does] {S} do / what kind of sport [do|does] {S} do / what sport [do|does] {S} like / what [do|does] {S} train for
# language language many
s {S} [speak|speaks] {v} / {S} [am|is] (?:fluent in|learning) {v} / {S} [know|knows] (?=[A-Z]){v} / {P} (?:mother tongue|native language) is {v} / {S} can speak {v} / {S} [learn|learns] {v} / {v} is a language {S} [know|knows] well
q which language [do|does] {S} speak / what language [do|does] {S} know / what languages [do|does] {S} speak / which language can {S} speak / what language can {S} speak / what language [am|is] {S} learning / which languages [do|does] {S} know / what language [do|does] {S} speak / which language [am|is] {S} learning / what is {P} language / in which language [do|does] {S} speak / what [do|does] {S} speak
# band title
s {P} favourite band is {v} / {S} [listen|listens] to (?!the singer )(?:the band )?{v}(?: all the time)? / {S} [am|is] a (?:big )?fan of {v} / {S} [love|loves] the band {v} / the band {S} [like|likes] best is {v}
q what is {P} favourite band / which band [do|does] {S} listen to / which band [do|does] {S} like best / what band [do|does] {S} listen to / which band [do|does] {S} love / which band [am|is] {S} a fan of / what music [do|does] {S} listen to / which band [do|does] {S} like / what band [do|does] {S} like most / whose music [do|does] {S} like
# book title
s {P} favourite book is {v} / {S} [am|is] reading {v} / {S} [read|reads] (?=[A-Z]){v} / the book {S} (?:am|is) reading is {v} / {S} just finished reading {v} / {S} [am|is] in the middle of {v} / the book {S} [like|likes] best is {v} / the book on {P} bedside table is {v}
q which book [am|is] {S} reading / what is {P} favourite book / what [am|is] {S} reading / what book [am|is] {S} reading / which book [do|does] {S} like best / what book [do|does] {S} like / what [do|does] {S} read / which book [do|does] {S} read / what is the book {S} [am|is] reading / what is {P} book called / what book [do|does] {S} have on {P} table
# film title
s {P} favourite (?:film|movie) is {v} / {S} [watch|watches] {v} again and again / the (?:film|movie) {S} [like|likes] best is {v} / {S} [love|loves] the film {v} / no film is better to {O} than {v}
q what is {P} favourite film / which film [do|does] {S} like best / what is {P} favourite movie / which movie [do|does] {S} like best / which film [do|does] {S} love / what movie [do|does] {S} love / what film [do|does] {S} love / which movie [do|does] {S} like / what film [do|does] {S} like best / which film could {S} watch again and again
# team title
s {S} [support|supports] {v} / {P} (?:favourite )?team is {v} / {S} [cheer|cheers] for {v} / the team {S} [support|supports] is {v} / {S} [follow|follows] the team {v} / {S} [am|is] a supporter of {v} / {S} never [miss|misses] a match of {v}
q which team [do|does] {S} support / what is {P} favourite team / what is {P} team / which team [do|does] {S} cheer for / what team [do|does] {S} support / which team [do|does] {S} follow / which team [am|is] {S} a fan of / what club [do|does] {S} support / who [do|does] {S} cheer for / which club [do|does] {S} like
# game title
s {P} favourite game is {v} / {S} [play|plays] {v} online / {S} [play|plays] the game {v} / the game {S} (?:play most|plays most|like best|likes best) is {v} / {S} [am|is] hooked on the game {v} / {S} [am|is] playing {v} at the moment
q what is {P} favourite game / which game [do|does] {S} play / what game [do|does] {S} play / which game [do|does] {S} like best / what game [do|does] {S} like most / what game [am|is] {S} playing / what game [do|does] {S} like / what game [do|does] {S} love / what [do|does] {S} like to play / which game [do|does] {S} enjoy
# flower plant
s {P} favourite flower is {v} / the flower {S} [like|likes] best is {v} / {S} (?:grow|grows|planted|plant|plants) {v}(?: in the garden)? / in {P} garden {S} [grow|grows] {v} / {S} [have|has] {v} in {P} garden / {P} garden is full of {v}
q what is {P} favourite flower / what [do|does] {S} grow / what [do|does] {S} grow in the garden / which flower [do|does] {S} like best / what grows in {P} garden / what [do|does] {S} have in {P} garden / which plants [do|does] {S} grow / what flower [do|does] {S} like best / which flower [do|does] {S} like / which flowers [do|does] {S} love / what flowers [do|does] {S} grow / what [do|does] {S} grow in {P} garden / which flower [do|does] {S} love most / what flowers should I bring {O}
# car car
s {S} [drive|drives] {v} / {P} (?:new )?car is {v} / the car {S} [drive|drives] is {v} / {S} [get|gets] around in {v}
q what car [do|does] {S} drive / what is {P} car / which car [do|does] {S} have / what kind of car [do|does] {S} drive / which car [do|does] {S} drive / what [do|does] {S} drive / what kind of car [do|does] {S} have / what car [do|does] {S} have
# plate code
s {P} (?:licence plate|number plate|license plate|plate) is {v} / the (?:number|licence) plate of {P} car is {v} / {P} car has the plate {v} / the plate on {P} car reads {v} / {P} car's plate is {v}
q what is {P} licence plate / what is the plate of {P} car / what is {P} number plate / what plate does {P} car have / what is the number plate of {P} car / what is {P} plate / which number is on {P} car / what is on {P} licence plate / which licence plate [do|does] {S} have / what does {P} licence plate say / what is the licence plate of {P} car
# username word
s {P} (?:username|login name|login|user name) is {v} / {S} [have|has] the username {v} / {S} [log|logs] in as {v} / {v} is {P} username / {P} account runs under the name {v}
q what is {P} username / what is {P} login name / which username [do|does] {S} have / what [do|does] {S} log in as / what is {P} login / which login name [do|does] {S} have / what name [do|does] {S} log in with / what is {P} user name / how [do|does] {S} log in / under which name [do|does] {S} log in / what username [do|does] {S} use
# room number
s {P} room (?:number )?is (?!booked ){v} / {S} [am|is] (?:staying )?in room {v} / {S} [stay|stays] in room (?:number )?{v} / {S} [have|has] room {v} / the number of {P} room is {v}
q what is {P} room number / which room [am|is] {S} in / what is the number of {P} room / what room [do|does] {S} have / which room [do|does] {S} have / what room [am|is] {S} in / in which room [am|is] {S} / where can I find {P} room
# locker number
s {P} locker (?:number )?is (?:number )?{v} / {S} (?:have|has|use|uses) locker {v} / the number of {P} locker is {v} / {P} things are in locker {v} / the locker given to {O} is {v}
q what is {P} locker number / which locker [do|does] {S} have / what is the number of {P} locker / which locker [do|does] {S} use / what number is {P} locker / which locker is {P} locker / what locker [do|does] {S} have / which number does {P} locker have
# shoe size
s {P} shoe size is {v} / {S} [wear|wears] shoes in size {v} / {S} [take|takes] size {v} in shoes / {P} shoes are (?:in )?size {v} / {S} [have|has] shoe size {v} / the size of {P} shoes is {v} / {P} feet need shoes of size {v}
q what is {P} shoe size / what size are {P} shoes / what shoe size [do|does] {S} have / which shoe size [do|does] {S} wear / what is the size of {P} shoes / what size [do|does] {S} wear / what size of shoes [do|does] {S} wear / which shoe size [do|does] {S} have / what shoe size [do|does] {S} wear / which size of shoe [do|does] {S} take / what size are {P} feet
# height height
s {S} [am|is] (?:exactly )?{v} tall / {P} height is {v} / {S} [measure|measures] {v} / {S} [have|has] a height of {v} / from head to toe {S} [am|is] {v} / {P} height was measured as {v}
q how tall [am|is] {S} / what is {P} height / what height [am|is] {S} / how tall [do|does] {S} measure / what height [do|does] {S} have / tell me how tall {S} [am|is] / how high [am|is] {S} / how tall did {S} grow / what size [am|is] {S} / how many centimetres tall [am|is] {S}
# weight weight
s {S} [weigh|weighs] {v} / {P} weight is (?:down to )?{v} / {S} [have|has] a weight of {v} / {S} [am|is] down to {v} / the scale shows {v} for {O} / at the doctor's {S} weighed {v}
q how much [do|does] {S} weigh / what is {P} weight / how heavy [am|is] {S} / what [do|does] {S} weigh / what weight [do|does] {S} have / what weight [am|is] {S} down to / how many kilos [do|does] {S} weigh / what do the scales say for {O} / how much weight [do|does] {S} have
# salary money
s {S} [earn|earns] {v} (?:a|per) month / {P} (?:monthly )?(?:salary|pay) is {v} / {S} (?:make|makes|get|gets) {v} (?:a|per) month / {S} [am|is] paid {v} a month / every month {S} [get|gets] paid {v} / {S} [earn|earns] {v}
q how much [do|does] {S} earn / what is {P} salary / how much [do|does] {S} make / what is {P} pay / how much [am|is] {S} paid / what [do|does] {S} earn a month / how much [do|does] {S} get a month / what [do|does] {S} earn / how much money [do|does] {S} make / how high is {P} salary / what [do|does] {S} get paid / how much [do|does] {S} make a month
# rent money
s {P} (?:monthly )?rent is {v} / {S} [pay|pays] {v} in rent / {S} [pay|pays] {v} for {P} flat / the rent of {P} flat is {v} / {P} flat costs {v} a month / {P} rent went up to {v} / for {P} flat {S} [pay|pays] {v}
q how much is {P} rent / what is {P} rent / how much rent [do|does] {S} pay / what [do|does] {S} pay in rent / how much [do|does] {S} pay for {P} flat / what is the rent of {P} flat / how much does {P} flat cost / what [do|does] {S} pay for {P} flat / how much [do|does] {S} pay for rent / how high is {P} rent / what does {P} flat cost
# budget money
s {P} budget (?:is|was set to) (?:at most )?{v} / {S} (?:can|may) spend {v} / {S} [have|has] a budget of {v} / {S} [have|has] {v} to spend / {S} must not spend more than {v}
q what is {P} budget / how much can {S} spend / what budget [do|does] {S} have / how big is {P} budget / how much may {S} spend / how much [do|does] {S} have to spend / how much is {P} budget / what can {S} spend / how much money can {S} spend / how large is {P} budget
# wakeup time
s {S} (?:always )?(?:get up|gets up|wake up|wakes up|rise|rises) at {v} / {P} alarm (?:is set for|rings at) {v} / {P} day begins at {v} / in the morning {S} [get|gets] up at {v}
q when [do|does] {S} get up / what time [do|does] {S} wake up / when [do|does] {S} wake up / at what time [do|does] {S} get up / when does {P} alarm ring / what time [do|does] {S} get up / what time is {P} alarm set for / when does {P} day start / when does {P} alarm go off / for what time is {P} alarm set
# bedtime time
s {S} (?:always )?[go|goes] to (?:bed|sleep) at {v} / {P} bedtime is {v} / {S} [fall|falls] asleep at {v} / at night {S} [go|goes] to bed at {v} / {S} [sleep|sleeps] from {v} on / lights go out for {O} at {v}
q when [do|does] {S} go to bed / what is {P} bedtime / what time [do|does] {S} go to bed / when [do|does] {S} go to sleep / when is {P} bedtime / at what time [do|does] {S} go to sleep / when [do|does] {S} fall asleep / at what time [do|does] {S} go to bed / what time [do|does] {S} fall asleep / when [do|does] {S} sleep
# train time
s {P} train (?:leaves at|goes at|departs at|is at|pulls out at) {v} / {S} [take|takes] the {v} train / {S} [catch|catches] the train at {v} / the train {S} [take|takes] leaves at {v}
q when does {P} train leave / what time is {P} train / when is {P} train / what time does {P} train leave / when does {P} train go / when [do|does] {S} catch the train / which train [do|does] {S} take / at what time does {P} train leave / at which time does {P} train depart
# commute transport
s {S} (?:go|goes|get|gets|travel|travels) to (?:work|the office) {v} / {S} [commute|commutes] {v} / {P} way to work is (?:done )?{v} / every day {S} [go|goes] to work {v}
q how [do|does] {S} get to work / how [do|does] {S} go to work / how [do|does] {S} travel to work / how [do|does] {S} commute / how [do|does] {S} go to the office / what is {P} way to work / by what means [do|does] {S} get to work / in what way [do|does] {S} go to work / how [do|does] {S} come to work
# dentistday when
s {P} (?:dentist appointment|appointment with the dentist) (?:is|was moved to) (?:on )?{v} / {S} (?:see|sees|go to|goes to|have to go to|has to go to) the dentist on {v} / on {v} {S} [have|has] an appointment with the dentist / the dentist sees {O} on {v}
q when is {P} dentist appointment / when [do|does] {S} see the dentist / what day is {P} dentist appointment / when [do|does] {S} go to the dentist / when is {P} appointment with the dentist / what day [do|does] {S} go to the dentist / when [do|does] {S} have to go to the dentist / on what day is {P} dentist appointment / when is {P} visit to the dentist / when will {S} see the dentist / when must {S} be at the dentist
# interview when
s {P} (?:job )?interview (?:is|was moved to) (?:on )?{v} / {S} [have|has] an? (?:job )?interview on {v} / on {v} {S} [go|goes] to an interview / the interview for {P} (?:new )?job is on {v}
q when is {P} interview / when [do|does] {S} have an interview / when is {P} job interview / what day is {P} interview / on which day is {P} job interview / on which day [do|does] {S} have an interview / on which day is {P} interview / when will {S} have {P} interview / when does {P} interview take place / at what time is {P} interview
# exam when
s {P} exam (?:is|takes place|was moved to) (?:on )?{v} / {S} [have|has] an exam on {v} / {S} (?:sit|sits|take|takes) {P} exam on {v} / the exam {S} [sit|sits] is on {v} / {v} is the day of {P} exam
q when is {P} exam / when [do|does] {S} have an exam / what day is {P} exam / when [do|does] {S} take {P} exam / when does {P} exam take place / on which day is {P} exam / when [do|does] {S} sit the exam / when will {S} take {P} exam / when [do|does] {S} sit {P} exam / at what time is {P} exam
# deadline day
s {P} deadline (?:is|was moved to) (?:on )?{v} / {P} report (?:is due on|must be finished by) {v} / {S} [have|has] a deadline on {v} / {S} [have|has] to finish by {v} / {S} must hand everything in by {v}
q when is {P} deadline / what is {P} deadline / by when [do|does] {S} have to finish / when is {P} report due / what day is {P} deadline / when [do|does] {S} have to finish / until when [do|does] {S} have time / when must {S} be finished / by when must {S} finish / on which day is {P} deadline / when [do|does] {S} have to hand in / when must {P} work be ready
# wedding day
s {P} (?:wedding )?anniversary is on {v} / {P} wedding (?:was|took place) on {v} / {S} (?:got )?married on {v} / {P} wedding day was {v} / {S} said yes at the altar on {v}
q when is {P} wedding anniversary / when did {S} get married / when was {P} wedding / when did {S} marry / on which day was {P} wedding / what day is {P} wedding anniversary / when is {P} anniversary / on which day did {S} marry / on what date did {S} get married / when [do|does] {S} celebrate {P} wedding anniversary / on what day is {P} wedding anniversary
# weddingplace city
s {S} (?:got )?married in {v} / {P} wedding (?:was|took place) in {v} / {S} had {P} wedding in {v} / the (?:place|city) {S} (?:got )?married in is {v}
q where did {S} get married / where was {P} wedding / where did {S} marry / in which city did {S} get married / where did {P} wedding take place / where did {S} have {P} wedding / in which city did {S} marry / in which town did {S} get married / which city did {S} marry in / what city was {P} wedding in / in which place did {S} get married
# trip city
s {S} [am|is] (?:going|flying) to {v}(?: on holiday)? / {P} next (?:trip|holiday) (?:goes to|is in|will be in) {v} / {S} booked a trip to {v} / {S} will fly to {v} / {S} [have|has] a trip to {v} booked
q where [am|is] {S} going / where [am|is] {S} flying / where is {P} next trip / where [am|is] {S} going on holiday / where is {P} next holiday / where will {S} fly / where does {P} next trip go / where did {S} book a trip to / where [am|is] {S} travelling / where will {S} go / where is {P} trip to / what is {P} destination / which city [am|is] {S} travelling to / where [do|does] {S} want to travel / where [do|does] {S} plan to go / which city will {S} visit / where does {P} journey go
# visited country many
s {S} (?:once )?visited {v} / {S} [have|has] (?:been|travelled) to {v} / {S} travelled to {v} / {S} went to {v} / {S} [was|was] in {v} / {S} spent a summer in {v}
q which country did {S} visit / where [have|has] {S} been / where did {S} travel / which country [have|has] {S} been to / which countries did {S} visit / what country [have|has] {S} been to / where [have|has] {S} travelled to / what country did {S} visit / where did {S} spend {P} holiday / in which country [was|was] {S} / which country did {S} travel to / where did {S} go on holiday / where [was|was] {S} on holiday
# hotel title
s {P} hotel is (?:called )?the {v} / {S} [am|is] staying at the {v} / {S} [stay|stays] at the {v} / {S} (?:booked|have|has) a room (?:in|at) the {v} / {S} will sleep at the {v} / {P} room is booked at the {v}
q which hotel [am|is] {S} staying at / what is {P} hotel / what is {P} hotel called / where [am|is] {S} staying / in which hotel did {S} book a room / what hotel [am|is] {S} staying at / what is the name of {P} hotel / in which hotel [am|is] {S} / which hotel did {S} book / what hotel [am|is] {S} in / where did {S} book a room
# flight code
s {P} flight (?:number )?is {v} / {S} [am|is] on flight {v} / the number of {P} flight is {v} / {S} [fly|flies] (?:on|with number) {v} / {P} flight has the number {v} / {S} [have|has] a seat on flight {v}
q what is {P} flight number / which flight [am|is] {S} on / what is the number of {P} flight / what flight [am|is] {S} on / what number does {P} flight have / what is {P} flight / what flight [do|does] {S} take / which flight number [do|does] {S} have / what flight did {S} book / which flight [do|does] {S} take
# seat code
s {P} (?:reserved )?seat (?:number )?is {v} / {S} [have|has] seat {v} / {S} [am|is] in seat {v} / {S} will sit in (?:seat )?{v} / the number of {P} seat is {v}
q which seat [do|does] {S} have / what is {P} seat number / where will {S} sit / what is {P} seat / which seat [am|is] {S} in / what is the number of {P} seat / what seat [do|does] {S} have / where [do|does] {S} sit on the plane / which seat did {S} book / which seat number [do|does] {S} have / in which seat [do|does] {S} sit / what seat did {S} get
# gift object
s {S} (?:want|wants|would like|would love) {v} (?:for {P} birthday|as a present|as a gift) / {S} [wish|wishes] for {v} / for {P} birthday {S} [want|wants] {v} / a good present for {O} would be {v}
q what [do|does] {S} want for {P} birthday / what would {S} like as a present / what [do|does] {S} wish for / what could I give {O} for {P} birthday / what [do|does] {S} want as a present / what would {S} like for {P} birthday / what should I give {O} / what present [do|does] {S} want / which gift [do|does] {S} want / what gift would {S} like / what [do|does] {S} hope to get / what is {P} wish / what is on {P} wish list / what is {P} birthday wish / which present would {S} like / what should I buy {O} for {P} birthday
# collects things
s {S} [collect|collects] {v} / {S} [have|has] a collection of {v} / {S} [am|is] a collector of {v} / {S} [like|likes] to collect {v} / {P} collection is made of {v} / {S} [gather|gathers] {v} / in {P} collection there are {v}
q what [do|does] {S} collect / what is in {P} collection / which things [do|does] {S} collect / what [do|does] {S} like to collect / what [do|does] {S} have a collection of / what [do|does] {S} gather / what kind of things [do|does] {S} collect / what [am|is] {S} a collector of / what is {P} collection / what is {P} collection made of / what things [do|does] {S} collect / what does {P} collection have / tell me what {S} [collect|collects] / what is there in {P} collection
# lost object
s {S} (?:have |has )?lost {v}(?: on the bus)? / {S} (?:can't|cannot) find {v} / {S} left {v} on the bus / {S} [am|is] looking for {v} that got lost / {v} got lost when {S} travelled
q what did {S} lose / which thing did {S} lose / what [have|has] {S} lost / what can't {S} find / what [am|is] {S} looking for / what did {S} leave on the bus / what got lost / what thing did {S} lose / what [am|is] {S} missing / what got lost when {S} travelled / what did {S} leave behind / what can {S} not find / which thing [have|has] {S} lost / what did {S} forget on the bus
# needs object many
s {S} (?:need|needs|have|has) to buy {v} / {S} must buy {v} / {v} is on {P} shopping list / {S} [have|has] {v} on {P} shopping list / {P} shopping list (?:says|has) {v} / {S} still [need|needs] {v} from the shop
q what [do|does] {S} need to buy / what is on {P} shopping list / what must {S} buy / what [do|does] {S} have to buy / what should {S} buy / what [do|does] {S} need from the shop / what [do|does] {S} still need from the shop / what should I get {O} from the shop / which thing must {S} buy / what is there on {P} shopping list / what does {P} shopping list say / which things [do|does] {S} need to buy / what [do|does] {S} want to buy / what does {P} shopping list have
# lent object
s {S} (?:have |has )?lent {v} to a friend / {S} gave a friend {v} to use / {P} friend borrowed {v} / a friend still has {v} from {O} / {S} let a friend use {v}
q what did {S} lend to a friend / what did {S} lend out / what [have|has] {S} lent to a friend / what did {P} friend borrow / what did {S} let a friend use / what does a friend have from {O} / what did {S} give a friend / what did {S} give to a friend to use / which thing did {S} lend to a friend / which thing did a friend borrow / what does {P} friend still have / what thing did {S} lend / what did a friend borrow from {O} / what [have|has] {S} lent out
# keys place
s {P} (?:house )?keys? (?:are kept|is kept|are|is|lie|lies) {v} / {S} (?:keep|keeps|left|put) {P} keys {v} / one finds {P} keys {v}
q where are {P} keys / where [do|does] {S} keep {P} keys / where did {S} leave {P} keys / where did {S} put {P} keys / where can I find {P} keys / where do {P} keys lie / where [have|has] {S} put {P} keys / in what place are {P} keys / where do {S} find {P} keys / tell me where {P} keys are / where are {P} house keys / where should I look for {P} keys / where are {P} keys kept / what is the place of {P} keys
# passport place
s {P} passport (?:is kept|is|lies) {v} / {S} (?:keep|keeps|put|left|have|has) {P} passport {v}
q where is {P} passport / where [do|does] {S} keep {P} passport / where did {S} put {P} passport / where is {P} passport kept / where can I find {P} passport / where did {S} leave {P} passport / in what place is {P} passport / where [have|has] {S} put {P} passport / tell me where {P} passport is / where does {P} passport lie / where should I look for {P} passport / where [have|has] {S} got {P} passport / where [do|does] {S} have {P} passport
# expires year
s {P} passport (?:expires in|runs out in|is valid until) {v}
q when does {P} passport expire / when does {P} passport run out / until when is {P} passport valid / in which year does {P} passport expire / what year does {P} passport expire / until when is {P} passport good / when must {S} renew {P} passport / when [do|does] {S} need a new passport / how long is {P} passport valid / when will {P} passport expire / in what year does {P} passport run out / which year is {P} passport valid until / what year does {P} passport run out
# bank company
s {S} [bank|banks] with {v} / {P} bank is {v} / {S} [have|has] (?:an account|{P} money) at {v} / {P} (?:money lies|account is) at {v} / {S} [use|uses] the bank {v} / {S} [am|is] a customer of the bank {v}
q what is {P} bank / which bank [do|does] {S} use / where [do|does] {S} have an account / where [do|does] {S} bank / what bank [do|does] {S} use / where is {P} account / where is {P} money / with which bank [do|does] {S} bank / who [do|does] {S} bank with / at which bank [do|does] {S} have an account / where [do|does] {S} have {P} money / which bank [do|does] {S} bank with / which bank has {P} money
# insurer company
s {S} [am|is] insured with {v} / {P} insurance is (?:with|from) {v} / {v} insures {O} / {P} (?:insurance company|insurer) is {v} / {S} [have|has] (?:{P}|an) insurance (?:with|from) {v}
q who [am|is] {S} insured with / who insures {O} / who is {P} insurer / which company insures {O} / where [am|is] {S} insured / what is {P} insurance company / what is {P} insurance / who [do|does] {S} have insurance with / with whom [am|is] {S} insured / what company insures {O} / where is {P} insurance from / who is {P} insurance with / which company is {P} insurance with / which insurance [do|does] {S} have
# editor software
s {S} [use|uses] {v} as {P} editor / {P} (?:favourite )?editor is {v} / {S} [write|writes] (?:{P} )?code (?:in|with) {v} / {S} [prefer|prefers] the editor {v} / the editor {S} [use|uses] is {v} / all of {P} code is typed in {v}
q which editor [do|does] {S} use / what is {P} editor / what editor [do|does] {S} use / what is {P} favourite editor / what [do|does] {S} write code in / which editor [do|does] {S} prefer / what [do|does] {S} type {P} code in / with what [do|does] {S} write code / which editor [do|does] {S} like / what editor [do|does] {S} prefer / in which editor [do|does] {S} write code / what [do|does] {S} use as {P} editor / which is {P} favourite editor
# computer software
s {P} (?:laptop|computer|machine) (?:runs|uses) {v} / {S} (?:use|uses|installed|have|has) {v} on {P} (?:computer|machine|laptop)
q what does {P} computer run / what does {P} laptop run / which system [do|does] {S} use on {P} computer / what does {P} machine run / what [do|does] {S} use on {P} computer / which system does {P} computer run / what did {S} install on {P} computer / what runs on {P} computer / what system [do|does] {S} use / what is on {P} laptop / what does {P} laptop use / which software runs on {P} computer / what [do|does] {S} have on {P} laptop / what did {S} install on {P} laptop
# project title
s {S} (?:work|works|am working|is working) on (?:the )?(?:project )?{v} / {P} project is (?:called )?{v} / {S} [lead|leads] project {v} / the project {S} [work|works] on is {v} / the name of {P} project is {v} / at work {S} [spend|spends] most time on {v}
q which project [do|does] {S} work on / what is {P} project / what is {P} project called / what [am|is] {S} working on / what is the name of {P} project / what project [do|does] {S} work on / what project [am|is] {S} on / which project [do|does] {S} lead / what [do|does] {S} work on / on which project [do|does] {S} work / what [do|does] {S} spend most time on / which project [am|is] {S} working on / which project [am|is] {S} on
# team_role dept
s {S} (?:lead|leads|run|runs) the {v} team / {S} [am|is] (?:in charge of|responsible for|the head of) {v} / {P} responsibility is {v} / {S} [head|heads] {v}
q what [am|is] {S} responsible for / which team [do|does] {S} lead / what [am|is] {S} in charge of / what team [do|does] {S} lead / what is {P} responsibility / what [am|is] {S} the head of / what [do|does] {S} lead / what [do|does] {S} run / what team [am|is] {S} in charge of / which team [do|does] {S} run / what [do|does] {S} head / what [do|does] {S} take care of at work / which team [am|is] {S} the head of
# quit dish
s {S} (?:have |has )?(?:gave|given) up {v} / {S} (?:have |has )?quit {v} / {S} stopped eating {v} / {S} [do|does] without {v} / {S} no longer [eat|eats] {v} / {S} [am|is] trying to live without {v}
q what did {S} give up / what did {S} stop eating / what did {S} quit / what [have|has] {S} given up / what [have|has] {S} quit / what [do|does] {S} no longer eat / which food did {S} give up / what did {S} stop / what [do|does] {S} do without / what [am|is] {S} trying to live without / what food did {S} quit / what [have|has] {S} stopped eating / which food [do|does] {S} no longer eat / what [do|does] {S} live without
# lucky number
s {P} (?:lucky|favourite) number is {v} / the number that brings {O} luck is {v} / the number {S} [like|likes] best is {v} / {S} [believe|believes] that {v} brings luck
q what is {P} lucky number / what is {P} favourite number / which number [do|does] {S} like best / which number is {P} favourite / what number brings {O} luck / what number [do|does] {S} like / which number brings {O} luck / what number is lucky for {O} / what number [do|does] {S} like best / which is {P} lucky number / which number [do|does] {S} like / which number [do|does] {S} believe in
# children count
s {S} [have|has] {v} (?:children|kids) / {S} [am|is] the parent of {v} (?:children|kids) / {P} family has {v} children / {S} raised {v} children / the number of {P} children is {v} / there are {v} children in {P} family
q how many children [do|does] {S} have / how many kids [do|does] {S} have / what is the number of {P} children / how many children are there in {P} family / how many children did {S} raise / how many kids are in {P} family / how big is {P} family / what number of children [do|does] {S} have / how many children [have|has] {S} got / how many sons and daughters [do|does] {S} have / how many kids did {S} raise / tell me how many children {S} [have|has] / how many children does {P} family have
# siblings count
s {S} [have|has] (?:got )?{v} (?:siblings|brothers and sisters) / {S} grew up with {v} siblings / the number of {P} siblings is {v} / there are {v} siblings in {P} family / {P} parents had {v} more children
q how many siblings [do|does] {S} have / how many brothers and sisters [do|does] {S} have / what is the number of {P} siblings / how many siblings [have|has] {S} got / how many siblings are in {P} family / what number of siblings [do|does] {S} have / how many brothers and sisters are in {P} family / tell me how many siblings {S} [have|has] / how many siblings did {S} grow up with / how many siblings are there in {P} family / how many more children did {P} parents have / how many brothers and sisters [have|has] {S} got
# run distance
s (?:[Ee]very morning )?{S} [run|runs] {v}(?: every day)? / {S} ran {v} / {S} [go|goes] (?:running for|for a run of) {v} / {P} (?:daily )?run is {v}(?: long)?
q how far [do|does] {S} run / how long is {P} run / what distance [do|does] {S} run / how far [do|does] {S} run every day / how long is {P} daily run / how far did {S} run / how far [do|does] {S} go running / how many kilometres [do|does] {S} run / how long is {P} run in the morning / what is {P} daily run / what is the length of {P} run / how far [do|does] {S} run in the morning / how far is {P} run / what distance did {S} run
# sleep duration
s {S} (?:usually )?[sleep|sleeps] {v}(?: a night)? / {S} (?:need|needs|get|gets) {v} of sleep / {S} slept {v} / {P} night is {v} long / a night's sleep is {v} for {O}
q how long [do|does] {S} sleep / how much sleep [do|does] {S} need / how many hours [do|does] {S} sleep / how much sleep [do|does] {S} get / how long is {P} night / how long [do|does] {S} usually sleep / how long did {S} sleep / how many hours of sleep [do|does] {S} get / how many hours of sleep [do|does] {S} need / how long is a night for {O} / how much [do|does] {S} sleep / for how long [do|does] {S} sleep / how many hours [do|does] {S} sleep a night / how many hours did {S} sleep
# star sign
s {P} (?:star )?sign is {v} / {S} (?:am|is|was) born under {v} / by the stars {S} [am|is] {v} / {v} is {P} star sign
q what is {P} star sign / which star sign [am|is] {S} / what is {P} sign / what sign [was|was] {S} born under / which sign [am|is] {S} born under / what star sign [am|is] {S} / what sign [am|is] {S} / under which sign [was|was] {S} born / which sign [was|was] {S} born under / which star sign [do|does] {S} have / what star sign [do|does] {S} have / what sign [am|is] {S} born under / what is {P} sign of the stars
# hair colour
s {P} hair (?:is|was dyed) {v} / {S} [have|has] {v} hair / {S} dyed {P} hair {v} / (?:the colour of {P} hair|{P} (?:new )?hair colour) is {v} / {S} [wear|wears] {P} hair {v}
q what colour is {P} hair / what is {P} hair colour / which colour is {P} hair / which hair colour [do|does] {S} have / what colour of hair [do|does] {S} have / what colour did {S} dye {P} hair / what is the colour of {P} hair / what hair colour [do|does] {S} have / which colour did {S} dye {P} hair / what colour hair [do|does] {S} have / how [do|does] {S} wear {P} hair / which colour of hair [do|does] {S} have / what is {P} new hair colour
# eyes colour
s {P} eyes are {v} / {S} [have|has] {v} eyes / (?:the colour of {P} eyes|{P} eye colour) is {v} / {v} is {P} eye colour / {S} [look|looks] at you with {v} eyes
q what colour are {P} eyes / what is {P} eye colour / which colour are {P} eyes / which eye colour [do|does] {S} have / what colour of eyes [do|does] {S} have / what is the colour of {P} eyes / what eye colour [do|does] {S} have / which colour of eyes [do|does] {S} have / what colour eyes [do|does] {S} have / which eye colour [am|is] {S} / what are {P} eyes like
# name word
s (?:[Pp]lease )?[Cc]all {O} {v} / {S} [want|wants] to be called {v} / {P} name is {v} / {S} [like|likes] to be called {v} / {S} [am|is] called {v} / {v} is {P} name / {S} would rather be addressed as {v}
q what is {P} name / what [am|is] {S} called / what should I call {O} / how should I call {O} / what [do|does] {S} want to be called / how should {S} be addressed / which name [do|does] {S} have / what name should I call {O} / how [am|is] {S} called / how should I address {O} / what name [do|does] {S} want / by what name [do|does] {S} go / what name [do|does] {S} have
# answers style
s (?:[Pp]lease |[Aa]lways )?[Aa]nswer {O} {v} / {S} (?:like|likes|want|wants|prefer|prefers|would like) answers (?:that are )?{v} / replies to {O} should be {v}
q how [do|does] {S} like {P} answers / how should I answer {O} / how [do|does] {S} want answers / what kind of answers [do|does] {S} want / how should I be answered / how [do|does] {S} prefer {P} answers / how would {S} like answers / how should answers to {O} be / in what way should I answer {O} / what sort of answers [do|does] {S} like / which kind of answers [do|does] {S} prefer / what answers [do|does] {S} like / how should replies to {O} be / what answers [do|does] {S} want
# coffee way
s {S} (?:always )?(?:take|takes|drink|drinks|like|likes) {P} coffee {v} / {P} coffee (?:should be|has to be|is best) {v} / for {O}, coffee is best {v}
q how [do|does] {S} take {P} coffee / how [do|does] {S} like {P} coffee / how should {P} coffee be / how [do|does] {S} drink {P} coffee / how should I make {P} coffee / how is {P} coffee best / how [am|is] {S} used to taking {P} coffee / what [do|does] {S} take in {P} coffee / how does {P} coffee have to be / how would {S} like {P} coffee / how [do|does] {S} want {P} coffee / in what way [do|does] {S} drink coffee / which coffee [do|does] {S} drink
# charity company
s {S} [give|gives] money to {v} / {S} [donate|donates] to {v} / {S} [volunteer|volunteers] for {v} / {P} charity is {v} / {S} [help|helps] the charity {v} / {P} money goes to {v} / {v} gets help from {O}
q who [do|does] {S} donate to / which charity [do|does] {S} support / what is {P} charity / who [do|does] {S} give money to / who [do|does] {S} volunteer for / which charity [do|does] {S} help / which charity [do|does] {S} give money to / what charity [do|does] {S} support / who gets help from {O} / where does {P} money go / which charity [do|does] {S} donate to / who [do|does] {S} help
# shop company
s {S} (?:buy|buys|get|gets) {P} groceries (?:at|from) {v} / {S} (?:shop|shops|go shopping|goes shopping) at {v} / {P} (?:usual )?shop is {v} / for groceries {S} [go|goes] to {v} / {P} groceries are from {v}
q where [do|does] {S} shop / where [do|does] {S} buy {P} groceries / which shop [do|does] {S} go to / where [do|does] {S} go shopping / what is {P} shop / where [do|does] {S} get {P} groceries / what is {P} usual shop / what shop [do|does] {S} go to / where are {P} groceries from / which shop [do|does] {S} buy {P} groceries at / at which shop [do|does] {S} shop / where [do|does] {S} go for groceries / what is {P} supermarket
# meeting when
s {P} (?:next )?meeting (?:is|was moved to|takes place) (?:on )?{v} / {S} (?:have|has|will have) a meeting on {v} / the meeting {S} [have|has] is on {v} / {S} [meet|meets] the others on {v}
q when is {P} meeting / when [do|does] {S} have a meeting / what day is {P} meeting / when is {P} next meeting / on which day is {P} meeting / when does {P} meeting take place / what time is {P} meeting / when was {P} meeting moved to / when will {S} have a meeting / on what day is {P} meeting / when [do|does] {S} meet the others / what day [do|does] {S} have a meeting / for when is {P} meeting planned
# debt money
s {S} [owe|owes] (?:a friend )?{v} / {S} borrowed (?=.*\\d){v}(?: from a friend)? / {P} debt is {v} / {S} [have|has] debts of {v} / {S} (?:must|still have to|still has to) pay back {v}
q how much [do|does] {S} owe / how much is {P} debt / how much must {S} pay back / how big is {P} debt / what is {P} debt / how much did {S} borrow / what [do|does] {S} owe / what must {S} pay back / how much money [do|does] {S} owe / how much [do|does] {S} have to pay back / how high is {P} debt / what did {S} borrow from a friend / how much debt [do|does] {S} have / what did {S} borrow / how much [do|does] {S} owe a friend
# series title
s {S} [watch|watches] (?:the series )?{v}(?: on television)? / {P} favourite (?:series|show) is {v} / {S} [am|is] watching {v} / the (?:series|show) {S} (?:watch|watches|like best|likes best) is {v} / every evening {S} [see|sees] an episode of {v}
q which series [do|does] {S} watch / what is {P} favourite series / what [am|is] {S} watching / what is {P} favourite show / which show [do|does] {S} like best / what series [do|does] {S} watch / what show [do|does] {S} watch / what [do|does] {S} watch on television / what show [do|does] {S} like / which show [do|does] {S} watch / which series [do|does] {S} like best / which series [am|is] {S} watching / what [do|does] {S} watch in the evening
# singer person
s {P} favourite (?:singer|artist) is {v} / {S} (?:admire|admires|love|loves|listen to|listens to) the singer {v} / the singer {S} [like|likes] best is {v}
q who is {P} favourite singer / which singer [do|does] {S} like / which singer [do|does] {S} admire / which singer [do|does] {S} like best / who is {P} favourite artist / which singer [do|does] {S} love / what singer [do|does] {S} like / what singer [do|does] {S} listen to / which singer [do|does] {S} listen to / what is {P} favourite singer called / whose voice [do|does] {S} like / which artist [do|does] {S} like / what singer [do|does] {S} admire
# desk place
s {P} (?:office )?desk (?:is|stands) {v} / {S} [sit|sits] {v} / {P} place at work is {v} / {S} [work|works] at a desk {v} / {S} [have|has] {P} desk {v} / one finds {P} desk {v}
q where is {P} desk / where [do|does] {S} sit / where does {P} desk stand / where is {P} place at work / where can I find {P} desk / where is {P} office desk / in what place is {P} desk / where [do|does] {S} have {P} desk / where [do|does] {S} sit at work / where is {P} desk at work / where does one find {P} desk / where at work [do|does] {S} sit / where [do|does] {S} work at a desk / tell me where {P} desk is
# parking place
s {P} car (?:is parked|stands) {v} / {S} (?:parked|park|parks|left|put) {P} car {v} / {P} car is (?=(?:in|on|at|by|near|under|behind|beside) ){v}
q where is {P} car / where is {P} car parked / where did {S} park / where did {S} park {P} car / where does {P} car stand / where did {S} leave {P} car / where can I find {P} car / where [have|has] {S} left {P} car / in what place is {P} car / where [do|does] {S} park / where [have|has] {S} parked / tell me where {P} car is / where did {S} put {P} car / where [do|does] {S} park {P} car
# bike place
s {P} bike (?:is locked up|is parked|stands|is) {v} / {S} (?:left|parked|put|locked) {P} bike (?:up )?{v}
q where is {P} bike / where did {S} leave {P} bike / where did {S} park {P} bike / where does {P} bike stand / where can I find {P} bike / where did {S} put {P} bike / in what place is {P} bike / where is {P} bike parked / where is {P} bike locked up / tell me where {P} bike is / where can {P} bike be found / where [have|has] {S} left {P} bike / where did {S} lock {P} bike up / where is {P} bicycle
# dentist person
s {P} dentist is (?:called )?{v} / {v} is {P} dentist / {P} dentist's name is {v} / {S} [go|goes] to the dentist {v} / {S} [see|sees] {v} for {P} teeth / {v} looks after {P} teeth
q who is {P} dentist / what is the name of {P} dentist / what is {P} dentist called / which dentist [do|does] {S} go to / what is {P} dentist's name / who looks after {P} teeth / who [do|does] {S} see for {P} teeth / how is {P} dentist called / who takes care of {P} teeth / what name does {P} dentist have / what dentist [do|does] {S} see / which dentist looks after {O} / which dentist [do|does] {S} see
# doctor person
s {P} doctor is (?:called )?{v} / {v} is {P} doctor / {P} doctor's name is {v} / the name of {P} doctor is {v} / {S} [go|goes] to the doctor {v} / when ill, {S} [see|sees] {v}
q who is {P} doctor / what is {P} doctor's name / which doctor [do|does] {S} see / what is {P} doctor called / what is the name of {P} doctor / which doctor [do|does] {S} go to / how is {P} doctor called / what doctor [do|does] {S} go to / what name does {P} doctor have / who [do|does] {S} see when ill / who treats {O} when ill / what doctor [do|does] {S} see
# where place
s {P} {N} (?:is|are|lies|stands) (?:kept )?(?=(?:in|on|at|by|near|under|behind|beside|next to|above|below) (?!\\d|Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)){v} / {S} (?:keep|keeps|put|left|hid) {P} {N} (?=(?:in|on|at|by|near|under|behind|beside|next to) ){v}
q where is {P} {N} / where can I find {P} {N} / where [do|does] {S} keep {P} {N} / where did {S} put {P} {N} / in what place is {P} {N} / tell me where {P} {N} is / where should I look for {P} {N} / where does {P} {N} lie / where can {P} {N} be found / where [have|has] {S} left {P} {N} / do you know where {P} {N} is / where is {P} {N} kept
# date day
s {P} {N} (?:is|was|are|takes place) (?:on|at) {v}
q when is {P} {N} / what day is {P} {N} / on which day is {P} {N} / when does {P} {N} take place / tell me when {P} {N} is / what is the date of {P} {N} / what date is {P} {N} / on what day is {P} {N} / do you know when {P} {N} is / when will {P} {N} be / which day is {P} {N} / for when is {P} {N} planned
# detail word
s {P} {N} (?:is|are|was) (?!not |called |named ){v} / the {N} of {P} \\w+ is {v}
q what is {P} {N} / tell me {P} {N} / do you know {P} {N} / which {N} [do|does] {S} have / can you tell me {P} {N} / what {N} [do|does] {S} have / what was {P} {N} / what is the {N} {S} [have|has] / which is {P} {N} / what {N} [am|is] {S} on / what did {S} say {P} {N} is / remind me of {P} {N} / which {N} is {P} {N}
# thing code
s the {N} (?:of|for) (?P<E>the [\\w -]+?|my [\\w -]+?) is {v} / (?P<E>the [\\w -]+?)'s {N} is {v} / (?P<E>the [\\w -]+?) has the {N} {v}
q what is the {N} of {E} / what is {E}'s {N} / what {N} does {E} have / tell me the {N} of {E} / which {N} does {E} have / do you know the {N} of {E} / what is the {N} for {E} / what does {E} have as {N} / which is the {N} of {E} / can you tell me the {N} of {E} / remind me of the {N} of {E}
"""

ASKED = {
    "detail": """middle name, first name, maiden name, tax number, tax code, social security number, insurance number, customer number,
library card number, membership number, account number, IBAN, PIN, wifi password, password, door code, alarm code, bike lock code, ring size,
hat size, jacket size, dress size, collar size, waist, glove size, favourite song, favourite season, favourite animal, favourite fruit,
favourite writer, favourite actor, favourite poem, favourite opera, favourite painter, favourite restaurant, favourite cafe, favourite city,
favourite country, favourite holiday, favourite subject, favourite quote, favourite cake, favourite ice cream, favourite wine, favourite beer,
favourite tea, favourite toy, favourite smell, favourite word, favourite day, favourite shop, favourite cheese, favourite tree, favourite bird,
religion, nationality, star, zodiac sign, mother tongue, accent, degree, title, rank, grade, average mark, staff number, job title, salary group,
pension, hourly wage, bonus, mortgage, interest rate, credit limit, monthly fee, electricity bill, phone bill, phone model, phone contract,
laptop model, operating system, browser, internet provider, mobile provider, energy supplier, printer, camera, website, blog, user number,
screen name, handle, ringtone, licence number, driving licence, visa number, passport number, ticket number, booking number, order number,
parcel number, invoice number, gate, platform, bus line, tram line, stop, terminal, blood pressure, pulse, eyesight, cholesterol, dose,
resting heart rate, best time, personal record, golf handicap, chess rating, score, level, goal, plan, motto, resolution, wish, secret, excuse,
plan for tonight, horoscope, lucky charm, lucky day, key number, house number, floor, postcode, district, street name, mobile model, tent,
kitchen colour, bedroom colour, car colour, bike brand, brand of coffee, brand of shoes, perfume, shampoo, hair length, beard, tattoo, scar,
vaccination, allergy medicine, diet plan, breakfast, lunch, dinner, dessert, snack, pizza order, usual order, favourite topping, playlist,
next meal, step count, bedtime story, podcast, newspaper, magazine, radio station, channel, stage name, pen name, code name, call sign""",
    "date": """dentist visit, next holiday, flight, return flight, graduation, driving test, eye test, blood test, operation, vaccination,
next shift, day off, pay day, anniversary, party, concert, match, next match, race, course, lesson, piano lesson, rehearsal, conference,
appointment, doctor's appointment, haircut, delivery, move, house warming, inspection, tax return, contract end, trial, hearing, name day,
first day at work, last day at work, retirement, reunion, baby shower, check-up, training, swimming lesson, parents' evening, presentation""",
    "where": """wallet, glasses, umbrella, charger, phone, laptop, spare key, house key, car key, bag, suitcase, coat, hat, gloves, camera,
birth certificate, diary, contract, driving licence, ticket, medicine, first aid kit, toolbox, ladder, tent, sleeping bag, skis, helmet,
remote control, torch, iron, sewing kit, wedding ring, watch, savings book, will, tax file, spare tyre, locker, office, parking space, garage,
cellar, garden, allotment, holiday home, summer house, boat, motorbike, scooter, tractor, letter box, doctor's surgery, gym, favourite cafe""",
    "called": """daughter, son, baby, twin, mother, father, brother, sister, grandmother, grandfather, aunt, uncle, niece, nephew, godmother,
godfather, husband, wife, girlfriend, boyfriend, flatmate, cat, dog, horse, rabbit, hamster, parrot, goldfish, tortoise, boat, house, street,
village, company, band, team, teddy bear, car, school, university, street cat, accountant, lawyer, vet, hairdresser, coach, trainer, plumber,
gardener, babysitter, nanny, assistant, secretary, colleague, mentor, tutor, professor, priest, optician, physiotherapist, therapist, agent""",
}
"""What people ask that they may never have told: nouns for the families that take any noun, to be answered with not knowing."""
