"""What can be said of a person: one block a relation, with its statements, questions and yes-or-no questions.

`# name type [list]`, then a line of statements `s`, one of questions `q`, one of yes-or-no questions `y`, wordings parted by
` / `. `{S}` is the subject (I, Mira, my sister), `{P}` the possessive, `{O}` the object form, `{v}` the value, and `[a|b]` is
`a` with the first person and `b` with the third. Which wordings training never sees is settled in `grammar`.
"""

# ruff: noqa: E501 - one line a kind of wording reads better than a thousand short ones

TEXT = """
# colour colour
s {P} favourite colour is {v} / {S} [like|likes] {v} more than any other colour / {v} is the colour {S} [like|likes] best / of all colours {S} [prefer|prefers] {v} / the colour {S} [love|loves] most is {v} / {P} favourite shade is {v} / {S} [prefer|prefers] {v} to all other colours
q what is {P} favourite colour / which colour [do|does] {S} like best / what colour [do|does] {S} like most / which colour is {P} favourite / which colour [do|does] {S} love most / what is {P} favourite shade / which colour [do|does] {S} prefer
y is {P} favourite colour {v} / [do|does] {S} like {v} best
# city city
s {S} [live|lives] in {v} / {P} home is in {v} / {S} moved to {v} / {S} [have|has] a flat in {v} / {v} is where {S} [live|lives] / {S} [live|lives] in the city of {v} / {S} [am|is] based in {v} / {S} [am|is] living in {v} / {S} just moved to {v}
q where [do|does] {S} live / which city [do|does] {S} live in / what town is {P} home in / in which city is {P} home / where [am|is] {S} living / where is {P} home / where [am|is] {S} based / where did {S} move to / which town [do|does] {S} live in
y [do|does] {S} live in {v} / [am|is] {S} living in {v}
# birthplace city
s {S} [was|was] born in {v} / {P} birthplace is {v} / {S} came into the world in {v} / {v} is the town {S} [was|was] born in / the city {S} [was|was] born in is {v} / {S} [was|was] born and raised in {v} / the place {S} [was|was] born is {v}
q where [was|was] {S} born / what is {P} birthplace / in which town [was|was] {S} born / which city [was|was] {S} born in / where is {P} birthplace / what is the town {S} [was|was] born in
y [was|was] {S} born in {v}
# origin country
s {S} [come|comes] from {v} / {S} grew up in {v} / {P} family is from {v} / {S} spent {P} childhood in {v} / {S} [am|is] from {v} / {P} home country is {v} / {S} [was|was] raised in {v}
q where [do|does] {S} come from / which country [am|is] {S} from / where did {S} grow up / what country [do|does] {S} come from / where [am|is] {S} from / what is {P} home country / where [was|was] {S} raised / where did {S} spend {P} childhood
y [do|does] {S} come from {v}
# job job
s {S} [work|works] as {v} / {S} [am|is] {v} / {S} [make|makes] a living as {v} / {P} job is being {v} / {S} [earn|earns] {P} money as {v} / {P} profession is {v} / {S} [am|is] working as {v} / {S} got a job as {v} / by profession {S} [am|is] {v}
q what [do|does] {S} do for a living / what is {P} job / what [do|does] {S} work as / what is {P} profession / what [am|is] {S} working as / how [do|does] {S} make a living / what [am|is] {S} by profession
y [do|does] {S} work as {v} / [am|is] {S} {v}
# employer company
s {S} [work|works] for {v} / {P} employer is {v} / {S} got hired by {v} / {S} [am|is] employed at {v} / the company {S} [work|works] for is {v} / {P} company is {v} / {S} [have|has] a job at {v} / {S} [work|works] at {v} / {S} just started at {v}
q who [do|does] {S} work for / which company [do|does] {S} work for / what is {P} employer / where [am|is] {S} employed / where [do|does] {S} work / what company [do|does] {S} work for / who is {P} employer / who [am|is] {S} employed by
y [do|does] {S} work for {v}
# dream job
s {S} [want|wants] to become {v} / {S} [dream|dreams] of being {v} / {S} [am|is] training to be {v} / one day {S} [hope|hopes] to be {v} / {P} dream is to become {v} / {P} dream job is {v} / {S} would like to be {v} one day
q what [do|does] {S} want to become / what [am|is] {S} training to be / what [do|does] {S} hope to be one day / what is {P} dream job / what would {S} like to be / what [do|does] {S} dream of being
y [do|does] {S} want to become {v}
# study subject
s {S} [study|studies] {v} / {S} [am|is] studying {v} / {P} degree is in {v} / {S} [am|is] taking a degree in {v} / {S} [take|takes] a degree in {v} / {P} subject is {v} / {S} [am|is] a student of {v}
q what [do|does] {S} study / what [am|is] {S} studying / which subject [do|does] {S} study / what is {P} degree in / what is {P} subject / what [am|is] {S} a student of / what degree [do|does] {S} take
y [do|does] {S} study {v}
# school school
s {S} [go|goes] to {v} / {P} school is {v} / {S} [attend|attends] {v} / {S} [am|is] a pupil at {v} / {S} [am|is] at {v} / the school {S} [go|goes] to is {v}
q which school [do|does] {S} go to / what is {P} school called / what school [do|does] {S} attend / where [do|does] {S} go to school / what is the name of {P} school / which school [am|is] {S} at / what is {P} school
y [do|does] {S} go to {v}
# age age
s {S} [am|is] {v} years old / {P} age is {v} / {S} turned {v} / {S} [have|has] reached the age of {v} / {S} just turned {v} / {S} will be {v} years old soon / at the moment {S} [am|is] aged {v}
q how old [am|is] {S} / what is {P} age / what age [am|is] {S} / how old will {S} be / what age did {S} turn / tell me how old {S} [am|is]
y [am|is] {S} {v} years old
# birthday day
s {P} birthday is on {v} / {S} [celebrate|celebrates] {P} birthday on {v} / {v} is {P} birthday / {P} date of birth falls on {v} / {S} [have|has] {P} birthday on {v} / {P} birthday falls on {v} / {S} [was|was] born on {v} / {P} date of birth is {v}
q when is {P} birthday / what day is {P} birthday / on which date is {P} birthday / when [do|does] {S} celebrate {P} birthday / when [do|does] {S} have {P} birthday / what is {P} date of birth / on which day is {P} birthday / on what day [was|was] {S} born
y is {P} birthday on {v}
# birthyear year
s {S} [was|was] born in {v} / {P} year of birth is {v} / {v} is the year {S} [was|was] born / {P} birth year is {v} / {S} [was|was] born back in {v} / the year of {P} birth is {v}
q when [was|was] {S} born / in which year [was|was] {S} born / what is {P} year of birth / what year [was|was] {S} born in / what is {P} birth year / which year is {S} from
y [was|was] {S} born in {v}
# phone phone
s {P} phone number is {v} / you can call {O} on {v} / {P} mobile number is {v} / to ring {O}, dial {v} / {P} number is {v} / {P} phone is {v} / {P} new phone number is {v} / {S} can be reached on {v} / {S} can be called on {v}
q what is {P} phone number / what number can I call {O} on / how can {S} be reached by phone / what is {P} number / what is {P} mobile number / which number can I reach {O} on / how can I call {O} / on what number can {S} be reached
y is {P} phone number {v}
# email email
s {P} email address is {v} / {P} email is {v} / write to {O} at {v} / {O} you reach by mail at {v} / {P} mail address is {v} / {S} can be reached at {v} / {P} new email is {v} / send {O} an email at {v}
q what is {P} email address / what is {P} email / at which address can I email {O} / where can I write to {O} / what is {P} mail address / at what address can {S} be reached / how can I email {O}
y is {P} email address {v}
# street address
s {P} address is {v} / {S} [live|lives] at {v} / {P} house is at {v} / mail for {O} goes to {v} / {P} home address is {v} / {S} moved to {v} / {P} new address is {v} / {S} [have|has] a house at {v}
q what is {P} address / what street [do|does] {S} live on / at which address [do|does] {S} live / what is {P} home address / where is {P} house / which street [do|does] {S} live on / where did {S} move to
y is {P} address {v}
# food dish
s {P} favourite food is {v} / {S} could eat {v} every day / {S} [love|loves] eating {v} / nothing tastes better to {O} than {v} / the food {S} [love|loves] most is {v} / {S} [like|likes] to eat {v} / {P} favourite dish is {v} / {S} [like|likes] {v} best
q what is {P} favourite food / what [do|does] {S} love eating / which food [do|does] {S} like best / which dish [do|does] {S} like most / what is {P} favourite dish / what could {S} eat every day / what [do|does] {S} like to eat / which dish [do|does] {S} love
y is {P} favourite food {v}
# drink drink
s {P} favourite drink is {v} / {S} always [drink|drinks] {v} / {S} [drink|drinks] {v} at breakfast / {S} mostly [order|orders] {v} / {S} [like|likes] to drink {v} / the drink {S} [like|likes] best is {v} / {S} [prefer|prefers] to drink {v} / {S} usually [drink|drinks] {v}
q what is {P} favourite drink / what [do|does] {S} drink / which drink [do|does] {S} like best / what [do|does] {S} like to drink / what [do|does] {S} usually drink / what [do|does] {S} drink at breakfast / what drink [do|does] {S} prefer
y [do|does] {S} drink {v}
# dislike dish
s {S} [hate|hates] {v} / {S} [dislike|dislikes] {v} / {S} can't stand {v} / {S} never [eat|eats] {v} / {v} is something {S} [loathe|loathes] / {S} [do|does] not like {v} / {S} [don't|doesn't] eat {v} / {S} cannot stand {v} / the food {S} [dislike|dislikes] is {v}
q what [do|does] {S} hate / what can't {S} stand / what food [do|does] {S} dislike / which food [do|does] {S} never eat / what [do|does] {S} dislike / what [do|does] {S} not like / what [do|does] {S} not eat / which food can't {S} stand / what [do|does] {S} never eat
y [do|does] {S} hate {v}
# allergy allergen list
s {S} [am|is] allergic to {v} / {S} [have|has] an allergy to {v} / {v} [give|gives] {O} a rash / {S} can't eat {v} because of an allergy / {P} allergy is to {v} / {S} [get|gets] a rash from {v} / {S} must avoid {v} because of an allergy / {S} [react|reacts] badly to {v} / {S} [have|has] a {v} allergy
q what [am|is] {S} allergic to / which allergies [do|does] {S} have / what should {S} avoid because of an allergy / what gives {O} a rash / what is {P} allergy / what must {S} avoid / what [do|does] {S} react badly to / what allergy [do|does] {S} have
y [am|is] {S} allergic to {v}
# diet diet
s {S} [am|is] {v} / {P} diet is {v} / {S} [eat|eats] {v} / {S} went {v} / {S} [follow|follows] a {v} diet / {S} became {v} / {S} [am|is] on a {v} diet / {S} only [eat|eats] {v} / {S} turned {v}
q what is {P} diet / which diet [do|does] {S} follow / what kind of diet [am|is] {S} on / what diet [am|is] {S} on / which diet [am|is] {S} on / what kind of diet [do|does] {S} follow / what [do|does] {S} eat / what kind of food [do|does] {S} eat
y [am|is] {S} {v}
# medicine medicine
s {S} [take|takes] {v} / {S} [have|has] to take {v} every morning / the doctor put {O} on {v} / {P} prescription is for {v} / {P} medicine is {v} / {S} [am|is] on {v} / {S} [need|needs] to take {v} every day / {P} doctor prescribed {v}
q what medicine [do|does] {S} take / which medication [am|is] {S} on / what was prescribed to {O} / what is {P} medicine / what [do|does] {S} take every morning / which medicine [am|is] {S} on / what did {P} doctor prescribe / what [do|does] {S} have to take
y [do|does] {S} take {v}
# illness illness
s {S} [have|has] {v} / {S} [suffer|suffers] from {v} / {S} [was|was] diagnosed with {v} / the doctors say {S} [have|has] {v} / {P} illness is {v} / {S} got diagnosed with {v} / {S} [am|is] ill with {v} / {S} [have|has] been suffering from {v}
q what [do|does] {S} suffer from / which illness [do|does] {S} have / what [was|was] {S} diagnosed with / what is {P} illness / what [am|is] {S} ill with / what [do|does] {S} have been diagnosed with / which illness [do|does] {S} suffer from
y [do|does] {S} have {v}
# blood blood
s {P} blood type is {v} / {S} [have|has] blood type {v} / {P} blood group was found to be {v} / {P} blood group is {v} / {S} [am|is] of blood type {v} / blood type {v} is what {S} [have|has]
q what is {P} blood type / which blood type [do|does] {S} have / what blood group [am|is] {S} / what is {P} blood group / what blood type [am|is] {S} / what blood type [do|does] {S} have
y is {P} blood type {v}
# dentist person
s {P} dentist is {v} / {v} is {P} dentist / {S} [see|sees] {v} for {P} teeth / {v} looks after {P} teeth / {P} dentist is called {v} / {S} [go|goes] to the dentist {v} / {P} dentist's name is {v}
q who is {P} dentist / what is the name of {P} dentist / which dentist [do|does] {S} go to / what is {P} dentist called / what is {P} dentist's name / who [do|does] {S} see for {P} teeth / who looks after {P} teeth
y is {v} {P} dentist
# doctor person
s {P} doctor is {v} / {v} is {P} doctor / {P} doctor is called {v} / when ill, {S} [see|sees] {v} / {P} doctor's name is {v} / {S} [go|goes] to the doctor {v} / the name of {P} doctor is {v}
q who is {P} doctor / what is {P} doctor's name / which doctor [do|does] {S} see / what is {P} doctor called / what is the name of {P} doctor / which doctor [do|does] {S} go to
y is {v} {P} doctor
# spouse person
s {S} [am|is] married to {v} / {v} is {P} partner / {P} partner is called {v} / {S} married {v} / {S} [have|has] tied the knot with {v} / {P} partner's name is {v} / {S} [am|is] the partner of {v} / the name of {P} partner is {v} / {P} partner is {v}
q who [am|is] {S} married to / who is {P} partner / what is {P} partner's name / who did {S} marry / what is {P} partner called / what is the name of {P} partner
y [am|is] {S} married to {v}
# mother person
s {P} mother is called {v} / {P} mother's name is {v} / {v} is {P} mother / the name of {P} mum is {v} / the name of {P} mother is {v} / {P} mother is {v} / {P} mum is called {v} / {P} mum is {v}
q what is {P} mother's name / who is {P} mother / what is {P} mother called / what is the name of {P} mother / who is {P} mum / what is {P} mum's name / what is {P} mum called
y is {v} {P} mother
# father person
s {P} father is called {v} / {P} father's name is {v} / {v} is {P} father / {P} dad goes by the name of {v} / the name of {P} father is {v} / {P} father is {v} / {P} dad is called {v} / {P} dad is {v}
q what is {P} father's name / who is {P} father / what is {P} father called / what is the name of {P} father / who is {P} dad / what is {P} dad's name / what is {P} dad called
y is {v} {P} father
# sister person
s {P} sister is called {v} / {P} sister's name is {v} / {v} is {P} sister / {S} [have|has] a sister named {v} / the name of {P} sister is {v} / {P} sister is {v} / {S} [have|has] a sister called {v}
q what is {P} sister's name / who is {P} sister / what is {P} sister called / what is the name of {P} sister / what name does {P} sister have / tell me {P} sister's name
y is {v} {P} sister
# brother person
s {P} brother is called {v} / {S} [have|has] a brother named {v} / {v} is {P} brother / {P} brother's name is {v} / the name of {P} brother is {v} / {P} brother is {v} / {S} [have|has] a brother called {v}
q what is {P} brother's name / who is {P} brother / what is {P} brother called / what is the name of {P} brother / what name does {P} brother have / tell me {P} brother's name
y is {v} {P} brother
# daughter person
s {P} daughter is called {v} / {S} [have|has] a daughter named {v} / {P} daughter's name is {v} / {v} is the name of {P} daughter / the name of {P} daughter is {v} / {P} daughter is {v} / {S} [have|has] a daughter called {v} / {v} is {P} daughter
q what is {P} daughter's name / what is {P} daughter called / who is {P} daughter / what is the name of {P} daughter / what name does {P} daughter have / tell me {P} daughter's name
y is {P} daughter called {v}
# son person
s {P} son is called {v} / {S} [have|has] a son named {v} / {P} son's name is {v} / {v} is what {P} son is called / the name of {P} son is {v} / {P} son is {v} / {S} [have|has] a son called {v} / {v} is {P} son
q what is {P} son's name / what is {P} son called / who is {P} son / what is the name of {P} son / what name does {P} son have / tell me {P} son's name
y is {P} son called {v}
# friend person
s {v} is {P} best friend / {P} best friend is {v} / {S} [am|is] best friends with {v} / nobody is closer to {O} than {P} friend {v} / {P} best friend is called {v} / the name of {P} best friend is {v} / {P} best friend's name is {v}
q who is {P} best friend / what is {P} best friend's name / who [am|is] {S} best friends with / what is the name of {P} best friend / what is {P} best friend called / who is {P} closest friend
y is {v} {P} best friend
# boss person
s {P} boss is {v} / {v} is {P} boss / {S} [report|reports] to {v} / {P} manager is called {v} / at work {S} [answer|answers] to {v} / {P} manager is {v} / {P} boss is called {v} / the name of {P} boss is {v} / {P} boss's name is {v}
q who is {P} boss / who [do|does] {S} report to / who is {P} manager / what is {P} boss called / what is {P} boss's name / what is the name of {P} boss / what is {P} manager called
y is {v} {P} boss
# teacher person
s {P} teacher is {v} / {v} teaches {O} / {P} teacher is called {v} / {S} [have|has] lessons with {v} / {P} teacher's name is {v} / the name of {P} teacher is {v} / {S} [learn|learns] from {v}
q who is {P} teacher / who teaches {O} / what is {P} teacher's name / what is {P} teacher called / what is the name of {P} teacher / who gives {O} lessons
y is {v} {P} teacher
# landlord person
s {P} landlord is {v} / {P} landlord is called {v} / {S} [rent|rents] from {v} / the flat {S} [rent|rents] belongs to {v} / {P} landlord's name is {v} / the name of {P} landlord is {v} / {v} is {P} landlord
q who is {P} landlord / who [do|does] {S} rent from / what is {P} landlord's name / what is the name of {P} landlord / what is {P} landlord called / who does {P} flat belong to
y is {v} {P} landlord
# neighbour person
s {P} neighbour is called {v} / {v} lives next door to {O} / {P} neighbour is {v} / next door to {O} lives {v} / {P} neighbour's name is {v} / the name of {P} neighbour is {v} / {v} is {P} neighbour / {v} lives next to {O}
q who is {P} neighbour / who lives next door to {O} / what is {P} neighbour's name / what is {P} neighbour called / what is the name of {P} neighbour / who lives next to {O}
y is {v} {P} neighbour
# nickname word
s {P} nickname is {v} / everybody calls {O} {v} / friends call {O} {v} / {S} [go|goes] by the nickname {v} / people call {O} {v} / {v} is {P} nickname / {P} friends call {O} {v} / {S} [have|has] the nickname {v}
q what is {P} nickname / what do people call {O} / what nickname [do|does] {S} have / what nickname [do|does] {S} go by / what [do|does] friends call {O} / what does everybody call {O}
y is {P} nickname {v}
# maiden surname
s {P} last name is {v} / {P} surname is {v} / {P} family name is {v} / {S} [sign|signs] with the surname {v} / {v} is {P} last name / {S} [have|has] the surname {v} / {S} [have|has] the last name {v}
q what is {P} last name / what is {P} surname / what is {P} family name / what last name [do|does] {S} have / which surname [do|does] {S} have
y is {P} last name {v}
# dog petname
s {P} dog is called {v} / {S} [have|has] a dog named {v} / {P} dog's name is {v} / the name {S} gave {P} dog is {v} / the name of {P} dog is {v} / {S} [have|has] a dog called {v} / {v} is {P} dog / {P} dog is {v}
q what is {P} dog called / what is {P} dog's name / which name did {S} give {P} dog / what is the name of {P} dog / who is {P} dog / what name does {P} dog have / what [do|does] {S} call {P} dog
y is {P} dog called {v}
# cat petname
s {P} cat is called {v} / {S} [have|has] a cat named {v} / {v} is {P} cat / {P} cat listens to the name {v} / the name of {P} cat is {v} / {S} [have|has] a cat called {v} / {P} cat's name is {v} / {P} cat is {v}
q what is {P} cat called / what is {P} cat's name / what is the name of {P} cat / who is {P} cat / what name does {P} cat have / what [do|does] {S} call {P} cat
y is {P} cat called {v}
# pet animal list
s {S} [have|has] {v} / {S} [keep|keeps] {v} / {S} [own|owns] {v} / {P} pet is {v} / {S} [share|shares] the house with {v} / {S} got {v} as a pet / {S} [have|has] {v} at home / {S} [live|lives] with {v} / as a pet {S} [keep|keeps] {v}
q what pet [do|does] {S} have / which animal [do|does] {S} keep / what pets [do|does] {S} have / which pets [do|does] {S} own / what animal [do|does] {S} have / what [do|does] {S} keep as a pet / what is {P} pet / what pets [do|does] {S} keep
y [do|does] {S} have {v}
# fear thing
s {S} [am|is] afraid of {v} / {S} [am|is] scared of {v} / {v} [frighten|frighten] {O} / {P} biggest fear is {v} / {P} fear is {v} / what {S} [fear|fears] most is {v} / {S} [am|is] frightened of {v} / {S} [am|is] terrified of {v}
q what [am|is] {S} afraid of / what [am|is] {S} scared of / what is {P} biggest fear / what frightens {O} / what [do|does] {S} fear most / what is {P} fear / what [am|is] {S} frightened of / what [am|is] {S} terrified of
y [am|is] {S} afraid of {v}
# hobby activity list
s {P} hobby is {v} / {S} [like|likes] {v} / {S} [enjoy|enjoys] {v} / in {P} free time {S} [go|goes] {v} / {S} [spend|spends] {P} weekends {v} / {S} [love|loves] {v} / {S} [go|goes] {v} in {P} free time / {P} favourite hobby is {v} / for fun {S} [go|goes] {v}
q what is {P} hobby / what [do|does] {S} like doing / what [do|does] {S} do in {P} free time / what are {P} hobbies / what [do|does] {S} enjoy doing / what hobby [do|does] {S} have / which hobby [do|does] {S} have / what [do|does] {S} do for fun / what is {P} favourite hobby / what [do|does] {S} love doing
y [do|does] {S} like {v}
# sport sport list
s {S} [play|plays] {v} / {P} favourite sport is {v} / {S} [train|trains] {v} / the sport {S} [do|does] is {v} / {S} [do|does] {v} as a sport / {P} sport is {v} / {S} [like|likes] to play {v} / the sport {S} [play|plays] is {v}
q which sport [do|does] {S} play / what is {P} favourite sport / what sport [do|does] {S} do / what sport [do|does] {S} play / what is {P} sport / which sport [do|does] {S} like / what [do|does] {S} train
y [do|does] {S} play {v}
# instrument instrument list
s {S} [play|plays] the {v} / {S} [am|is] learning the {v} / {P} instrument is the {v} / {S} [take|takes] {v} lessons / {S} can play the {v} / the instrument {S} [play|plays] is the {v} / {S} [practise|practises] the {v} / {S} [have|has] started the {v}
q which instrument [do|does] {S} play / what instrument [am|is] {S} learning / what is {P} instrument / what instrument [do|does] {S} play / which instrument [am|is] {S} learning / what instrument can {S} play / which instrument [do|does] {S} practise / what [do|does] {S} practise
y [do|does] {S} play the {v}
# language language list
s {S} [speak|speaks] {v} / {S} [am|is] fluent in {v} / {S} [am|is] learning {v} / {v} is a language {S} [know|knows] well / {S} [know|knows] {v} / {P} mother tongue is {v} / {S} can speak {v} / {S} [learn|learns] {v}
q which language [do|does] {S} speak / what languages [do|does] {S} speak / what language [am|is] {S} learning / which languages [do|does] {S} know / what language can {S} speak / which languages can {S} speak / what language [do|does] {S} know / which language [do|does] {S} learn
y [do|does] {S} speak {v}
# band title
s {P} favourite band is {v} / {S} [listen|listens] to {v} all the time / {S} [am|is] a fan of {v} / no music pleases {O} more than that of {v} / the band {S} [like|likes] best is {v} / {S} [love|loves] the band {v} / {S} [listen|listens] to the band {v} / {S} [am|is] a big fan of {v}
q what is {P} favourite band / which band [do|does] {S} listen to / what music [do|does] {S} listen to / which band [do|does] {S} like best / what band [do|does] {S} listen to / which band [am|is] {S} a fan of / which band [do|does] {S} love
y is {P} favourite band {v}
# book title
s {P} favourite book is {v} / {S} [am|is] reading {v} / {S} just finished reading {v} / the book on {P} bedside table is {v} / the book {S} [am|is] reading is {v} / {S} [read|reads] {v} / the book {S} [like|likes] best is {v} / {S} [am|is] in the middle of {v}
q which book [am|is] {S} reading / what is {P} favourite book / what [am|is] {S} reading / what book [do|does] {S} like / what book [am|is] {S} reading / which book [do|does] {S} like best / which book did {S} finish / what [do|does] {S} read
y [am|is] {S} reading {v}
# film title
s {P} favourite film is {v} / {S} [watch|watches] {v} again and again / the film {S} [like|likes] best is {v} / no film is better to {O} than {v} / the movie {S} [like|likes] best is {v} / {P} favourite movie is {v} / {S} [love|loves] the film {v}
q what is {P} favourite film / which film [do|does] {S} like best / what movie [do|does] {S} love / what is {P} favourite movie / which movie [do|does] {S} like best / which film [do|does] {S} love / what film [do|does] {S} watch again and again
y is {P} favourite film {v}
# team title
s {S} [support|supports] {v} / {P} favourite team is {v} / {S} [cheer|cheers] for {v} / {S} never [miss|misses] a match of {v} / {S} [am|is] a supporter of {v} / the team {S} [support|supports] is {v} / {P} team is {v} / {S} [follow|follows] the team {v}
q which team [do|does] {S} support / what is {P} favourite team / which team [do|does] {S} cheer for / what team [do|does] {S} support / what is {P} team / which team [do|does] {S} follow / which team [am|is] {S} a supporter of
y [do|does] {S} support {v}
# game title
s {S} [play|plays] {v} online / {P} favourite game is {v} / {S} [am|is] hooked on the game {v} / the game {S} [play|plays] most is {v} / the game {S} [like|likes] best is {v} / {S} [play|plays] the game {v} / {S} [am|is] playing {v} at the moment
q what is {P} favourite game / which game [do|does] {S} play / what game [do|does] {S} like most / what game [do|does] {S} play / which game [do|does] {S} like best / what game [am|is] {S} playing / what game [am|is] {S} hooked on
y is {P} favourite game {v}
# flower plant
s {P} favourite flower is {v} / {S} [grow|grows] {v} in the garden / {S} planted {v} / {P} garden is full of {v} / the flower {S} [like|likes] best is {v} / in {P} garden {S} [grow|grows] {v} / {S} [have|has] {v} in {P} garden / {S} [plant|plants] {v}
q what is {P} favourite flower / what [do|does] {S} grow in the garden / which plants [do|does] {S} grow / what [do|does] {S} grow / which flower [do|does] {S} like best / what grows in {P} garden / what did {S} plant / what [do|does] {S} have in {P} garden
y [do|does] {S} grow {v}
# car car
s {S} [drive|drives] {v} / {P} car is {v} / {S} [own|owns] {v} / {S} [get|gets] around in {v} / the car {S} [drive|drives] is {v} / {S} bought {v} / {P} new car is {v} / {S} [have|has] {v}
q what car [do|does] {S} drive / which car [do|does] {S} have / what is {P} car / what kind of car [do|does] {S} drive / which car [do|does] {S} drive / what car [do|does] {S} own / what kind of car [do|does] {S} have / what [do|does] {S} drive / what car did {S} buy
y [do|does] {S} drive {v}
# plate code
s {P} licence plate is {v} / {P} car has the plate {v} / the number plate of {P} car is {v} / the plate on {P} car reads {v} / {P} number plate is {v} / the licence plate of {P} car is {v} / {P} plate is {v} / {P} car's plate is {v}
q what is {P} licence plate / what is the plate of {P} car / what is the number plate of {P} car / what plate does {P} car have / what is {P} number plate / what is the licence plate of {P} car / what is {P} car's plate
y is {P} licence plate {v}
# password code
s {P} password is {v} / {P} login password is {v} / {S} [use|uses] the password {v} / {S} [log|logs] in with the password {v} / {v} is {P} password / {P} new password is {v}
q what is {P} password / which password [do|does] {S} use / what password [do|does] {S} log in with / what password [do|does] {S} have / what [do|does] {S} log in with / tell me {P} password
y is {P} password {v}
# username word
s {P} username is {v} / {P} login is {v} / {P} account runs under the name {v} / {S} [have|has] the username {v} / {v} is {P} username / {S} [log|logs] in as {v} / {P} login name is {v}
q what is {P} username / which username [do|does] {S} have / what is {P} login name / what username [do|does] {S} have / what is {P} login / what [do|does] {S} log in as / which login name [do|does] {S} have
y is {P} username {v}
# wifi code
s {P} wifi password is {v} / the wifi password at {P} place is {v} / the key for {P} wifi is {v} / to use {P} wifi, type {v} / {P} wifi key is {v} / the password for {P} wifi is {v} / {P} wifi has the password {v} / {P} new wifi password is {v}
q what is {P} wifi password / what is the password for {P} wifi / what do I type for {P} wifi / what is the key for {P} wifi / what is {P} wifi key / which password does {P} wifi have / what is the wifi password at {P} place
y is {P} wifi password {v}
# locker number
s {P} locker number is {v} / {S} [have|has] locker {v} / {P} locker is number {v} / the locker given to {O} is {v} / {P} locker is {v} / the number of {P} locker is {v} / {S} [use|uses] locker {v} / {P} things are in locker {v}
q what is {P} locker number / which locker [do|does] {S} have / what is the number of {P} locker / what number is {P} locker / which locker [do|does] {S} use / which locker number [do|does] {S} have
y is {P} locker number {v}
# room number
s {P} room number is {v} / {S} [am|is] in room {v} / {P} room is {v} / {S} [stay|stays] in room number {v} / {S} [stay|stays] in room {v} / {S} [have|has] room {v} / the number of {P} room is {v} / {S} [am|is] staying in room {v}
q what is {P} room number / which room [am|is] {S} in / what room [do|does] {S} have / what room [am|is] {S} in / what is the number of {P} room / which room [do|does] {S} have / which room [do|does] {S} stay in / which room number [do|does] {S} have
y [am|is] {S} in room {v}
# shoe size
s {P} shoe size is {v} / {S} [wear|wears] shoes in size {v} / {S} [take|takes] size {v} in shoes / {P} feet need shoes of size {v} / {P} shoes are size {v} / {P} shoes are in size {v} / the size of {P} shoes is {v} / {S} [have|has] shoe size {v}
q what is {P} shoe size / what size are {P} shoes / which shoe size [do|does] {S} wear / what shoe size [do|does] {S} have / what is the size of {P} shoes / which size [do|does] {S} take in shoes / what size [do|does] {S} wear
y is {P} shoe size {v}
# height height
s {S} [am|is] {v} tall / {P} height is {v} / {S} [measure|measures] {v} / from head to toe {S} [am|is] {v} / {S} [am|is] exactly {v} tall / {P} height was measured as {v} / {S} [have|has] a height of {v}
q how tall [am|is] {S} / what is {P} height / how many centimetres tall [am|is] {S} / what height [am|is] {S} / what height [do|does] {S} have / how tall [do|does] {S} measure
y [am|is] {S} {v} tall
# weight weight
s {S} [weigh|weighs] {v} / {P} weight is {v} / {S} [am|is] down to {v} / the scale shows {v} for {O} / {S} [have|has] a weight of {v} / {P} weight is down to {v} / at the doctor's {S} weighed {v}
q how much [do|does] {S} weigh / what is {P} weight / how heavy [am|is] {S} / what weight [am|is] {S} down to / what weight [do|does] {S} have / what [do|does] {S} weigh
y [do|does] {S} weigh {v}
# salary money
s {S} [earn|earns] {v} a month / {P} salary is {v} / {S} [make|makes] {v} per month / every month {S} [get|gets] paid {v} / {S} [get|gets] {v} a month / {S} [am|is] paid {v} a month / {P} monthly salary is {v} / {P} pay is {v}
q how much [do|does] {S} earn / what is {P} salary / how much [do|does] {S} make / how much [am|is] {S} paid / what [do|does] {S} earn a month / what is {P} pay / how much [do|does] {S} get a month / what is {P} monthly salary
y [do|does] {S} earn {v}
# rent money
s {P} rent is {v} / {S} [pay|pays] {v} in rent / {P} flat costs {v} a month / for {P} flat {S} [pay|pays] {v} / {P} monthly rent is {v} / the rent of {P} flat is {v} / {S} [pay|pays] {v} for {P} flat / {P} rent went up to {v}
q how much is {P} rent / what [do|does] {S} pay in rent / how much rent [do|does] {S} pay / how much does {P} flat cost / what is {P} rent / how much [do|does] {S} pay for {P} flat / what does {P} flat cost / what is {P} monthly rent / what is the rent of {P} flat
y is {P} rent {v}
# budget money
s {P} budget is {v} / {S} can spend {v} / {P} budget was set to {v} / {S} must not spend more than {v} / {S} [have|has] a budget of {v} / {S} may spend {v} / {S} [have|has] {v} to spend / {P} budget is at most {v}
q what is {P} budget / how much can {S} spend / how big is {P} budget / what budget [do|does] {S} have / how much may {S} spend / how much [do|does] {S} have to spend / what can {S} spend
y is {P} budget {v}
# wakeup time
s {S} [get|gets] up at {v} / {S} [wake|wakes] up at {v} / {P} alarm is set for {v} / {P} day begins at {v} / {P} alarm rings at {v} / in the morning {S} [get|gets] up at {v} / {S} always [wake|wakes] up at {v} / {S} [rise|rises] at {v}
q when [do|does] {S} get up / what time [do|does] {S} wake up / at what time [do|does] {S} get up / when [do|does] {S} wake up / what time [do|does] {S} get up / when does {P} alarm ring / what time is {P} alarm set for / when [do|does] {S} rise
y [do|does] {S} get up at {v}
# bedtime time
s {S} [go|goes] to bed at {v} / {P} bedtime is {v} / {S} [sleep|sleeps] from {v} on / lights go out for {O} at {v} / {S} always [go|goes] to bed at {v} / {S} [fall|falls] asleep at {v} / {S} [go|goes] to sleep at {v} / at night {S} [go|goes] to bed at {v}
q when [do|does] {S} go to bed / what time is {P} bedtime / at what time [do|does] {S} go to sleep / what time [do|does] {S} go to bed / when is {P} bedtime / when [do|does] {S} go to sleep / what is {P} bedtime / when [do|does] {S} fall asleep
y [do|does] {S} go to bed at {v}
# train time
s {P} train leaves at {v} / {S} [take|takes] the {v} train / {P} train goes at {v} / {P} train pulls out at {v} / {P} train is at {v} / {P} train departs at {v} / the train {S} [take|takes] leaves at {v} / {S} [catch|catches] the train at {v}
q when does {P} train leave / which train [do|does] {S} take / what time is {P} train / when is {P} train / what time does {P} train leave / when does {P} train go / when does {P} train depart / what train [do|does] {S} take / when [do|does] {S} catch the train
y does {P} train leave at {v}
# commute transport
s {S} [go|goes] to work {v} / {S} [get|gets] to work {v} / {S} [commute|commutes] {v} / {P} way to work is done {v} / {S} [travel|travels] to work {v} / {S} [go|goes] to the office {v} / {P} way to work is {v} / every day {S} [go|goes] to work {v}
q how [do|does] {S} get to work / how [do|does] {S} commute / how [do|does] {S} go to work / how [do|does] {S} travel to work / how [do|does] {S} go to the office / what is {P} way to work
y [do|does] {S} go to work {v}
# dentistday when
s {P} dentist appointment is on {v} / {S} [have|has] to go to the dentist on {v} / {S} [see|sees] the dentist on {v} / on {v} {S} [have|has] an appointment with the dentist / the dentist sees {O} on {v} / {S} [go|goes] to the dentist on {v} / {P} appointment with the dentist is on {v} / {P} dentist appointment was moved to {v}
q when is {P} dentist appointment / when [do|does] {S} see the dentist / what day [do|does] {S} go to the dentist / when [do|does] {S} go to the dentist / what day is {P} dentist appointment / when [do|does] {S} have to go to the dentist / when is {P} appointment with the dentist
y is {P} dentist appointment on {v}
# interview when
s {P} interview is on {v} / {S} [have|has] a job interview on {v} / the interview for {P} new job is on {v} / on {v} {S} [go|goes] to an interview / {S} [have|has] an interview on {v} / {P} job interview is on {v} / the interview for {P} job is on {v} / {P} interview was moved to {v}
q when is {P} interview / when [do|does] {S} have an interview / on which day is {P} job interview / when is {P} job interview / what day is {P} interview / when [do|does] {S} have a job interview / on which day [do|does] {S} have an interview
y is {P} interview on {v}
# exam when
s {P} exam is on {v} / {S} [sit|sits] {P} exam on {v} / {S} [have|has] an exam on {v} / {v} is the day of {P} exam / {P} exam takes place on {v} / the exam {S} [sit|sits] is on {v} / {S} [take|takes] {P} exam on {v} / {P} exam was moved to {v}
q when is {P} exam / when [do|does] {S} sit the exam / what day is {P} exam / when [do|does] {S} have an exam / when does {P} exam take place / when [do|does] {S} take {P} exam / on which day is {P} exam / what day [do|does] {S} sit {P} exam
y is {P} exam on {v}
# deadline day
s {P} deadline is {v} / {S} [have|has] to finish by {v} / {P} report is due on {v} / {S} must hand everything in by {v} / {P} report must be finished by {v} / {S} [have|has] a deadline on {v} / {P} deadline is on {v} / {P} deadline was moved to {v}
q what is {P} deadline / when is {P} report due / by when [do|does] {S} have to finish / when is {P} deadline / when [do|does] {S} have to finish / what day is {P} report due / by when must {P} report be finished / what day is {P} deadline
y is {P} deadline {v}
# wedding day
s {P} wedding anniversary is on {v} / {S} got married on {v} / {P} wedding was on {v} / {S} said yes at the altar on {v} / {S} married on {v} / {P} wedding day was {v} / {P} wedding took place on {v} / {P} anniversary is on {v}
q when is {P} wedding anniversary / when did {S} get married / when was {P} wedding / on which day did {S} marry / what day is {P} wedding anniversary / when did {S} marry / when is {P} anniversary / on which day was {P} wedding / when did {P} wedding take place
y is {P} wedding anniversary on {v}
# weddingplace city
s {S} got married in {v} / {P} wedding was in {v} / {S} had {P} wedding in {v} / the place {S} married in is {v} / {S} married in {v} / {P} wedding took place in {v} / the city {S} got married in is {v}
q where did {S} get married / where was {P} wedding / in which place did {S} marry / which city did {S} get married in / where did {P} wedding take place / where did {S} marry / where did {S} have {P} wedding
y did {S} get married in {v}
# trip city
s {S} [am|is] going to {v} on holiday / {S} [am|is] flying to {v} / {P} next trip goes to {v} / {S} booked a trip to {v} / {P} next holiday will be in {v} / {S} will fly to {v} / {P} next holiday is in {v} / {S} [am|is] going to {v} / {S} [have|has] a trip to {v} booked
q where [am|is] {S} going on holiday / where [am|is] {S} flying / where does {P} next trip go / where will {S} spend {P} holiday / where is {P} next trip / where will {S} fly / where [am|is] {S} going / where is {P} next holiday / where did {S} book a trip to / where will {S} go on holiday
y [am|is] {S} flying to {v}
# visited country list
s {S} visited {v} / {S} [have|has] been to {v} / {S} travelled to {v} / {S} spent a summer in {v} / {S} [was|was] in {v} / {S} went to {v} / {S} once visited {v} / {S} [have|has] travelled to {v}
q which country did {S} visit / where [have|has] {S} been / which countries did {S} visit / what countries [have|has] {S} travelled to / where did {S} travel / which countries [have|has] {S} been to / what country [have|has] {S} been to / where [have|has] {S} travelled to / what countries did {S} visit / where did {S} go once
y [have|has] {S} been to {v}
# hotel title
s {P} hotel is the {v} / {S} [stay|stays] at the {v} / {S} booked a room in the {v} / {S} will sleep at the {v} / {S} [am|is] staying at the {v} / {P} hotel is called the {v} / {P} room is booked at the {v} / {S} [have|has] a room at the {v}
q which hotel [am|is] {S} staying at / what is {P} hotel called / in which hotel did {S} book a room / where [am|is] {S} staying / what is the name of {P} hotel / what hotel [am|is] {S} staying at / where did {S} book a room / what is {P} hotel
y is {P} hotel the {v}
# flight code
s {P} flight number is {v} / {S} [am|is] on flight {v} / {P} flight is {v} / {S} [fly|flies] with number {v} / the number of {P} flight is {v} / {S} [fly|flies] on {v} / {S} [have|has] a seat on flight {v} / {P} flight has the number {v}
q what is {P} flight number / which flight [am|is] {S} on / what number does {P} flight have / what flight [am|is] {S} on / what is the number of {P} flight / which flight [do|does] {S} take / what is {P} flight / which number does {P} flight have
y is {P} flight number {v}
# seat code
s {P} seat is {v} / {S} [have|has] seat {v} / {P} seat number is {v} / {S} will sit in {v} / {S} will sit in seat {v} / the number of {P} seat is {v} / {S} [am|is] in seat {v} / {P} reserved seat is {v}
q which seat [do|does] {S} have / what is {P} seat number / where will {S} sit / what seat [do|does] {S} have / what is {P} seat / which seat [am|is] {S} in / which seat will {S} sit in / what is the number of {P} seat
y is {P} seat {v}
# gift object
s {S} [want|wants] {v} for {P} birthday / {S} would like {v} as a present / {S} [wish|wishes] for {v} / a good present for {O} would be {v} / {S} [want|wants] {v} as a present / for {P} birthday {S} [want|wants] {v} / {S} would love {v} as a gift / {S} would like {v} for {P} birthday
q what [do|does] {S} want for {P} birthday / what would {S} like as a present / what could I give {O} for {P} birthday / what [do|does] {S} want as a present / what [do|does] {S} wish for / what would {S} like for {P} birthday / what would {S} love as a gift / what could I give {O}
y [do|does] {S} want {v}
# collects things
s {S} [collect|collects] {v} / {S} [have|has] a collection of {v} / {S} [gather|gathers] {v} / {P} shelves are full of {v} from {P} collection / {P} collection is made of {v} / {S} [like|likes] to collect {v} / {S} [am|is] a collector of {v} / in {P} collection there are {v}
q what [do|does] {S} collect / what is in {P} collection / which things [do|does] {S} collect / what [do|does] {S} gather / what [do|does] {S} like to collect / what [do|does] {S} have a collection of / what [am|is] {S} a collector of
y [do|does] {S} collect {v}
# lost object
s {S} lost {v} / {S} can't find {v} / {S} left {v} on the bus / {v} got lost when {S} travelled / {S} [have|has] lost {v} / {S} [am|is] looking for {v} that got lost / {S} lost {v} on the bus / {S} cannot find {v}
q what did {S} lose / what can't {S} find / which thing did {S} lose / what [have|has] {S} lost / what did {S} leave on the bus / what got lost / what [am|is] {S} looking for
y did {S} lose {v}
# needs object list
s {S} [need|needs] to buy {v} / {S} [have|has] to buy {v} / {v} is on {P} shopping list / {P} shopping list says {v} / {S} must buy {v} / {S} [have|has] {v} on {P} shopping list / {P} shopping list has {v} / {S} still [need|needs] {v} from the shop
q what [do|does] {S} need to buy / what is on {P} shopping list / what should {S} buy / what [do|does] {S} have to buy / what must {S} buy / what [do|does] {S} have on {P} shopping list / what [do|does] {S} need from the shop
y [do|does] {S} need to buy {v}
# lent object
s {S} lent {v} to a friend / {S} gave a friend {v} to use / a friend still has {v} from {O} / {S} [have|has] lent {v} to a friend / {P} friend borrowed {v} / {S} let a friend use {v}
q what did {S} lend to a friend / what did {S} lend out / what does a friend have from {O} / what [have|has] {S} lent to a friend / what did {S} let a friend use / what did {P} friend borrow / what did {S} give a friend to use
y did {S} lend {v}
# keys place
s {P} keys are {v} / {P} key is kept {v} / {S} [keep|keeps] {P} keys {v} / one finds {P} keys {v} / {P} keys lie {v} / {S} left {P} keys {v} / {P} house keys are {v} / {S} put {P} keys {v}
q where are {P} keys / where [do|does] {S} keep {P} keys / where is {P} key / where did {S} leave {P} keys / where did {S} put {P} keys / where can I find {P} keys / where do {P} keys lie / where are {P} house keys
y are {P} keys {v}
# passport place
s {P} passport is {v} / {S} [keep|keeps] {P} passport {v} / {S} put {P} passport {v} / {P} passport lies {v} / {S} left {P} passport {v} / {P} passport is kept {v} / {S} [have|has] {P} passport {v}
q where is {P} passport / where [do|does] {S} keep {P} passport / where did {S} put {P} passport / where is {P} passport kept / where did {S} leave {P} passport / where can I find {P} passport / where does {P} passport lie
y is {P} passport {v}
# expires year
s {P} passport expires in {v} / {P} passport runs out in {v} / {P} passport is valid until {v} / a new passport will be due for {O} in {v} / {P} passport will expire in {v} / {P} passport is good until {v} / {S} [need|needs] a new passport in {v}
q when does {P} passport expire / until when is {P} passport valid / when does {P} passport run out / when will {P} passport expire / until when is {P} passport good / when [do|does] {S} need a new passport / in which year does {P} passport expire
y does {P} passport expire in {v}
# bank company
s {S} [bank|banks] with {v} / {P} bank is {v} / {S} [have|has] an account at {v} / {P} money lies at {v} / {S} [am|is] a customer of the bank {v} / {P} account is at {v} / {S} [use|uses] the bank {v} / {S} [have|has] {P} money at {v}
q what is {P} bank / which bank [do|does] {S} use / where [do|does] {S} have an account / which bank [do|does] {S} bank with / where is {P} account / where [do|does] {S} bank / where [do|does] {S} have {P} money / what bank [do|does] {S} use
y is {P} bank {v}
# insurer company
s {S} [am|is] insured with {v} / {P} insurance is with {v} / {v} insures {O} / {P} insurance company is {v} / {P} insurance is from {v} / {P} insurer is {v} / {S} [have|has] {P} insurance with {v} / {S} [have|has] an insurance from {v}
q who [am|is] {S} insured with / who insures {O} / which company is {P} insurance with / who is {P} insurer / which company insures {O} / where [am|is] {S} insured / who is {P} insurance with / what is {P} insurance company
y [am|is] {S} insured with {v}
# editor software
s {S} [use|uses] {v} as {P} editor / {P} editor is {v} / {S} [write|writes] code in {v} / all of {P} code is typed in {v} / {S} [write|writes] {P} code with {v} / {S} [prefer|prefers] the editor {v} / the editor {S} [use|uses] is {v} / {P} favourite editor is {v}
q which editor [do|does] {S} use / what is {P} editor / what [do|does] {S} write code in / what editor [do|does] {S} use / which editor [do|does] {S} prefer / what is {P} favourite editor / what [do|does] {S} type {P} code in
y [do|does] {S} use {v}
# computer software
s {P} laptop runs {v} / {S} [use|uses] {v} on {P} computer / {P} computer runs {v} / {S} installed {v} on {P} machine / {P} machine runs {v} / {S} [have|has] {v} on {P} laptop / {P} computer uses {v} / {S} installed {v} on {P} laptop
q what does {P} computer run / what does {P} laptop run / which system [do|does] {S} use on {P} computer / what does {P} machine run / what [do|does] {S} use on {P} computer / what did {S} install on {P} laptop / which system does {P} computer run
y does {P} computer run {v}
# project title
s {S} [work|works] on project {v} / {P} project is called {v} / {S} [lead|leads] project {v} / at work {S} [spend|spends] most time on {v} / {S} [am|is] working on {v} / {P} project is {v} / the project {S} [work|works] on is {v} / the name of {P} project is {v}
q which project [do|does] {S} work on / what is {P} project called / what project [am|is] {S} on / what is {P} project / what [am|is] {S} working on / what is the name of {P} project / which project [do|does] {S} lead / what project [do|does] {S} work on
y [do|does] {S} work on project {v}
# team_role dept
s {S} [lead|leads] the {v} team / {S} [am|is] in charge of {v} / {S} [am|is] responsible for {v} / {S} [head|heads] {v} / {S} [run|runs] the {v} team / {P} responsibility is {v} / {S} [am|is] the head of {v}
q what [am|is] {S} responsible for / which team [do|does] {S} lead / what [am|is] {S} in charge of / what team [do|does] {S} lead / what [am|is] {S} the head of / what is {P} responsibility / which team [do|does] {S} run
y [am|is] {S} in charge of {v}
# quit thing
s {S} gave up {v} / {S} stopped eating {v} / {S} quit {v} / {S} [do|does] without {v} / {S} [have|has] given up {v} / {S} [have|has] quit {v} / {S} [am|is] trying to live without {v} / {S} no longer [eat|eats] {v}
q what did {S} give up / what did {S} stop eating / what did {S} quit / what [have|has] {S} given up / what [have|has] {S} quit / what [am|is] {S} trying to live without / what [do|does] {S} no longer eat
y did {S} give up {v}
# favourite_number number
s {P} lucky number is {v} / {P} favourite number is {v} / the number that brings {O} luck is {v} / the number {S} [like|likes] best is {v} / {S} [believe|believes] that {v} brings luck
q what is {P} lucky number / what is {P} favourite number / which number [do|does] {S} like / which number is {P} favourite / what number brings {O} luck / what number [do|does] {S} like best
y is {P} lucky number {v}
# kids count
s {S} [have|has] {v} children / {S} [am|is] the parent of {v} kids / {P} family has {v} children / {S} raised {v} children / {S} [am|is] the parent of {v} children / {S} [have|has] {v} kids / there are {v} children in {P} family / the number of {P} children is {v}
q how many children [do|does] {S} have / how many kids [do|does] {S} have / what is the number of {P} children / how many kids are in {P} family / how many children are there in {P} family / how many children did {S} raise
y [do|does] {S} have {v} children
# siblings count
s {S} [have|has] {v} brothers and sisters / {S} [have|has] {v} siblings / {S} grew up with {v} siblings / {P} parents had {v} more children / there are {v} siblings in {P} family / {S} [have|has] got {v} siblings / the number of {P} siblings is {v}
q how many siblings [do|does] {S} have / how many brothers and sisters [do|does] {S} have / what number of siblings [do|does] {S} have / what is the number of {P} siblings / how many siblings are in {P} family / how many siblings [have|has] {S} got
y [do|does] {S} have {v} siblings
# runs distance
s {S} [run|runs] {v} every day / {S} ran {v} / {S} [go|goes] running for {v} / {P} daily run is {v} long / {P} run is {v} / {P} daily run is {v} / {S} [go|goes] for a run of {v} / every morning {S} [run|runs] {v}
q how far [do|does] {S} run / how far did {S} run / how long is {P} run / how long is {P} daily run / what distance [do|does] {S} run / how far [do|does] {S} go running / how far [do|does] {S} run every day
y [do|does] {S} run {v}
# sleep duration
s {S} [sleep|sleeps] {v} a night / {S} [need|needs] {v} of sleep / a night's sleep is {v} for {O} / {S} [get|gets] {v} of sleep / {S} usually [sleep|sleeps] {v} / {P} night is {v} long / {S} slept {v}
q how long [do|does] {S} sleep / how much sleep [do|does] {S} need / how many hours [do|does] {S} sleep / how much sleep [do|does] {S} get / how long did {S} sleep / how long is {P} night / how long [do|does] {S} usually sleep
y [do|does] {S} sleep {v}
# star sign
s {P} star sign is {v} / {S} [am|is] born under {v} / by the stars {S} [am|is] {v} / {P} sign is {v} / {S} [was|was] born under {v} / {S} [am|is] a {v} / {v} is {P} star sign
q what is {P} star sign / which star sign [am|is] {S} / what sign [am|is] {S} born under / what is {P} sign / what star sign [am|is] {S} / which sign [am|is] {S} born under / which sign [was|was] {S} born under
y is {P} star sign {v}
# hair colour
s {P} hair is {v} / {S} [have|has] {v} hair / {S} dyed {P} hair {v} / the colour of {P} hair is {v} / {P} hair colour is {v} / {P} hair was dyed {v} / {S} [wear|wears] {P} hair {v} / {P} new hair colour is {v}
q what colour is {P} hair / which hair colour [do|does] {S} have / how [do|does] {S} wear {P} hair colour / what is {P} hair colour / what colour of hair [do|does] {S} have / what colour did {S} dye {P} hair / which colour is {P} hair
y is {P} hair {v}
# eyes colour
s {P} eyes are {v} / {S} [have|has] {v} eyes / the colour of {P} eyes is {v} / {P} eye colour is {v} / {S} [look|looks] at you with {v} eyes / {v} is {P} eye colour
q what colour are {P} eyes / which eye colour [do|does] {S} have / what is {P} eye colour / what colour of eyes [do|does] {S} have / which colour are {P} eyes / what eye colour [do|does] {S} have
y are {P} eyes {v}
# call_me word
s call {O} {v} / {S} [want|wants] to be called {v} / {P} name is {v} / {S} would rather be addressed as {v} / {S} [like|likes] to be called {v} / please call {O} {v} / {S} [am|is] called {v} / {v} is {P} name
q what [am|is] {S} called / what is {P} name / how should {S} be addressed / what should I call {O} / how should I call {O} / what [do|does] {S} want to be called / what name [do|does] {S} have
y is {P} name {v}
# answers style
s answer {O} {v} / {S} [like|likes] answers that are {v} / {S} [want|wants] answers {v} / replies to {O} should be {v} / {S} [prefer|prefers] answers {v} / please answer {O} {v} / {S} would like answers {v} / always answer {O} {v}
q how should I be answered / how [do|does] {S} like {P} answers / what kind of answers [do|does] {S} want / how [do|does] {S} want answers / how should I answer {O} / how [do|does] {S} prefer {P} answers / how would {S} like answers
y [do|does] {S} want answers {v}
# coffee way
s {S} [take|takes] {P} coffee {v} / {P} coffee should be {v} / {S} [drink|drinks] {P} coffee {v} / for {O}, coffee is best {v} / {S} [like|likes] {P} coffee {v} / {S} always [drink|drinks] {P} coffee {v} / {P} coffee has to be {v} / {P} coffee is best {v}
q how [do|does] {S} take {P} coffee / how [do|does] {S} like {P} coffee / how should {P} coffee be / how [do|does] {S} drink {P} coffee / how does {P} coffee have to be / how should I make {P} coffee / how is {P} coffee best
y [do|does] {S} take {P} coffee {v}
# charity company
s {S} [give|gives] money to {v} / {S} [donate|donates] to {v} / {S} [volunteer|volunteers] for {v} / {v} gets help from {O} / {S} [support|supports] {v} / {P} charity is {v} / {S} [help|helps] the charity {v} / {P} money goes to {v}
q who [do|does] {S} donate to / who [do|does] {S} volunteer for / which charity [do|does] {S} support / what is {P} charity / who [do|does] {S} give money to / which charity [do|does] {S} help / where does {P} money go / what charity [do|does] {S} support
y [do|does] {S} donate to {v}
# supermarket company
s {S} [buy|buys] {P} groceries at {v} / {S} [shop|shops] at {v} / {P} usual shop is {v} / for groceries {S} [go|goes] to {v} / {S} [go|goes] shopping at {v} / {P} shop is {v} / {S} [get|gets] {P} groceries from {v} / {P} groceries are from {v}
q where [do|does] {S} shop / where [do|does] {S} buy {P} groceries / which shop [do|does] {S} go to / where [do|does] {S} go shopping / what is {P} usual shop / where [do|does] {S} get {P} groceries / what is {P} shop / where are {P} groceries from
y [do|does] {S} shop at {v}
# meets when
s {P} meeting is on {v} / {S} [have|has] a meeting on {v} / {P} meeting was moved to {v} / {S} [meet|meets] the others on {v} / {P} meeting takes place on {v} / {P} next meeting is on {v} / {S} will have a meeting on {v} / the meeting {S} [have|has] is on {v}
q when is {P} meeting / when [do|does] {S} have a meeting / what day is {P} meeting / when does {P} meeting take place / when is {P} next meeting / on which day is {P} meeting / when was {P} meeting moved to / when will {S} have a meeting
y is {P} meeting on {v}
# owes money
s {S} [owe|owes] a friend {v} / {S} borrowed {v} / {P} debt is {v} / {S} still [have|has] to pay back {v} / {S} [have|has] debts of {v} / {S} [owe|owes] {v} / {S} borrowed {v} from a friend / {S} must pay back {v}
q how much [do|does] {S} owe / how much did {S} borrow / how big is {P} debt / how much must {S} pay back / what [do|does] {S} owe / how much is {P} debt / what did {S} borrow from a friend / what is {P} debt
y [do|does] {S} owe {v}
# watches title
s {S} [watch|watches] {v} on television / {P} favourite series is {v} / {S} [am|is] watching {v} / every evening {S} [see|sees] an episode of {v} / the series {S} [watch|watches] is {v} / the show {S} [like|likes] best is {v} / {S} [watch|watches] the series {v} / {P} favourite show is {v}
q which series [do|does] {S} watch / what is {P} favourite series / what [am|is] {S} watching / what show [do|does] {S} like / what series [do|does] {S} watch / which show [do|does] {S} like best / what is {P} favourite show / which series [am|is] {S} watching / what show [do|does] {S} watch
y [am|is] {S} watching {v}
# artist person
s {P} favourite singer is {v} / {S} [admire|admires] the singer {v} / no voice pleases {O} more than that of {v} / the singer {S} [like|likes] best is {v} / {S} [love|loves] the singer {v} / {S} [listen|listens] to the singer {v} / {P} favourite artist is {v}
q which singer [do|does] {S} like / who is {P} favourite singer / which singer [do|does] {S} admire / which singer [do|does] {S} like best / what singer [do|does] {S} listen to / who is {P} favourite artist / which singer [do|does] {S} love / what singer [do|does] {S} admire
y is {P} favourite singer {v}
# desk place
s {P} desk is {v} / {S} [sit|sits] {v} / {P} place at work is {v} / one finds {P} desk {v} / {P} desk stands {v} / {S} [work|works] at a desk {v} / {S} [have|has] {P} desk {v} / {P} office desk is {v}
q where is {P} desk / where [do|does] {S} sit / where is {P} place at work / where does {P} desk stand / where is {P} office desk / where can I find {P} desk / where [do|does] {S} have {P} desk
y is {P} desk {v}
# garage place
s {P} car is parked {v} / {S} parked {P} car {v} / {P} car stands {v} / {P} car is {v} / {S} left {P} car {v} / {S} put {P} car {v} / {S} [park|parks] {P} car {v}
q where is {P} car parked / where did {S} park / where is {P} car / where did {S} leave {P} car / where did {S} park {P} car / where does {P} car stand / where [do|does] {S} park {P} car / where can I find {P} car
y is {P} car parked {v}
# bike place
s {P} bike is {v} / {S} left {P} bike {v} / {P} bike is locked up {v} / {P} bike stands {v} / {S} locked {P} bike up {v} / {S} parked {P} bike {v} / {P} bike is parked {v} / {S} put {P} bike {v}
q where is {P} bike / where did {S} leave {P} bike / where can {P} bike be found / where is {P} bike locked up / where did {S} park {P} bike / where does {P} bike stand / where did {S} put {P} bike / where can I find {P} bike
y is {P} bike {v}
"""
