"""Stories, notes and questions of our own in the styles that people use; none is of any data set."""

# ruff: noqa: E501 - one story, one line

DANGEROUS = """\
My dad is 71 and for the last hour he's had this heavy feeling across his chest and he looks grey
A 58-year-old man with a history of hypertension, type 2 diabetes, and hyperlipidemia presents with a 2-hour history of substernal pressure radiating to the left arm, associated with diaphoresis and nausea. He denies fever or cough.
A 3-year-old boy is brought to the emergency department by his parents because of drooling, a muffled voice, and refusal to lie down. Temperature is 39.4 C.
45 y/o F c/o sudden onset severe HA while lifting weights, vomited x2, neck stiffness
SI, plan to OD on pills
AMS, from SNF
CP, SOB
s/p fall, +LOC, on coumadin
ETOH, found down
BRBPR, lightheaded
R facial droop, LKW 0830
abd pain, pregnant 8 wks
My newborn has been hot since last night and does not want to nurse
My husband took an entire bottle of tylenol two hours ago after an argument
A 24-year-old woman presents with right lower quadrant pain and vaginal spotting. Her last menstrual period was 7 weeks ago.
A 67-year-old man with atrial fibrillation is brought in with sudden severe abdominal pain; the abdomen is soft.
I've got sickle cell and my legs and back are hurting 10/10
My daughter got stung by a wasp and her lips are swelling and she's wheezing
Pt with hx of asthma, wheezing, speaking in 2-3 word sentences
33F 38 weeks, decreased fetal movement
19-year-old brought by roommate with fever, headache, and purple spots on legs
Testicle pain since 4am woke me from sleep, vomiting
My mom is suddenly talking gibberish and her right arm is hanging
Since this morning I have been seeing flashes and a dark curtain over my right eye
A 60-year-old woman undergoing chemotherapy for breast cancer comes in with a temperature of 38.6
a 5 week old with forceful vomiting after every feeding and only one wet diaper
My 10-month-old cries and pulls his legs up every 15 minutes and there was blood in his diaper
He took something and now he's seeing things and trying to fight everyone
Laid my bike down at 60 mph, leg deformed with bone showing
hot and swollen knee, fever, can't bend it
A 72-year-old man develops severe low back pain and collapses at home
She is diabetic and hasn't been able to stop vomiting, breath smells fruity
difficulty breathing since last night, can't lie down flat
my baby is 2 months old and has a temperature of 100.6
Cut my forearm with a box cutter, blood is squirting out
splashed drain cleaner in both eyes
my face went numb on one side and I couldn't get my words out for ten minutes, it's fine now
79 yo female weakness on left side since waking
Pt reports chest tightness and palpitations, HR 165
hypotension, dialysis
transfer for ICH
I can't feel my legs and I can't pee, back has been killing me for a week
我爸六十多岁，刚才吃饭的时候突然说话不清楚，右手拿不住筷子
患者，女，56岁，突发胸骨后压榨性疼痛1小时，伴大汗
孩子8个月，吐了好多次，大便有血，一阵一阵哭
停经50天，下腹痛伴少量阴道流血
患者男，70岁，因突发意识障碍2小时入院，既往有高血压、糖尿病病史
全家吃完饭屋里烧炭，都头晕恶心
右侧阴囊突然疼痛3小时
孕35周，头痛，眼花，血压170/110
老公喝多了叫不醒
高热、寒战，化疗后第8天
我儿子两岁，把硬币吞下去了，现在流口水喘不上气
突发剧烈腹痛，满头大汗，肚子硬
宝宝才40天，摸着滚烫，量了38度5
患者因"黑便3天，头晕1天"来诊
被狗咬伤脸部，伤口很深
从三楼摔下来
洁厕灵溅到眼睛里了
妈妈一个人在家喝了敌敌畏
半小时前突然左眼看不见
心慌，胸闷，快要晕过去了
产后一周，高烧39.5
女儿说不想活了，手腕上有划痕
奶奶摔倒后髋部疼痛，不能站立
干活时被电打了，手指发黑
血糖测出来是hi，一直呕吐
晚上睡觉憋醒，咳粉红色泡沫痰
双下肢无力进行性加重2天
发热伴意识模糊1天
A 48-year-old woman with a history of migraine presents with the worst headache of her life
My grandpa won't stop bleeding from his nose, he takes Eliquis
I think my water broke and something is hanging out
A 30-year-old woman comes to the physician because of palpitations and lightheadedness for 1 hour. Pulse is 180/min and regular.
A 65-year-old man is brought to the emergency department 30 minutes after the sudden onset of inability to speak and right arm weakness.
A 16-year-old girl is brought in after ingesting 30 tablets of acetaminophen
A 2-week-old girl is brought in because of poor feeding and a fever of 38.5
A 55-year-old alcoholic man vomits a large amount of bright red blood
A 28-year-old man is brought in after being thrown from his motorcycle; he is moaning
A previously healthy 20-year-old college student has fever, severe headache, and neck stiffness
A 40-year-old woman has sudden shortness of breath and pleuritic chest pain 10 days after knee surgery
A 70-year-old woman with sudden painless loss of vision in her right eye
An 18-month-old has barking cough and inspiratory stridor at rest
A 32-year-old G3P2 at 34 weeks presents with painful vaginal bleeding
I feel like there's an elephant sitting on my chest
My heart is pounding out of my chest and I almost passed out
I cut my wrists last night and don't want to be here anymore
my throat is swelling up after eating shrimp
my toddler got into my purse and ate some of my blood pressure pills
I was bitten by a rattlesnake on the hand
my wife is 36 weeks and hasn't felt the baby move since yesterday
My 82 yo grandmother fell this morning, hit her head and she's on blood thinners
worst pain of my life in my lower back going to my groin, I can't stop vomiting
dad had a seizure on the floor, he's never had one before
DKA, BG 612
syncope x1
Hematemesis
STEMI
stab wound L chest
unresponsive
resp distress
fever, neutropenic
overdose
L sided weakness
Hip fx
GI bleed
tylenol OD
hypoglycemia, found sweaty and confused
R testicular pain
HA, blurred vision, 37 wks preg
sepsis
suicidal
hallucinations
s/p MVC rollover
carbon monoxide exposure
allergic rxn, tongue swelling
vag bleed, 9 wks
pt was found on the floor by family, confused and incontinent of urine
我心口疼得厉害，胳膊也发麻，出了很多汗
我妈早上起来嘴巴歪到一边，流口水
小孩发烧抽过去了，眼睛往上翻
我爸吐血了，一大碗
孕妇，肚子一阵阵痛，流血了
孩子被开水烫了，胸前和胳膊都是水泡
他从楼梯上滚下来，撞到后脑勺，吐了三次
心脏跳得特别快，喘不过气，觉得要死了
突发右侧肢体无力伴言语不清3小时
间断胸痛3天，加重1小时
呼吸困难5小时，加重伴意识不清1小时
上腹痛伴恶心呕吐、大汗1小时，既往糖尿病10年，男，66岁
腹痛伴停止排气排便2天，呕吐，腹胀
孩子玩的时候把纽扣电池吞了
反复呕血、黑便1天
车祸致头部外伤后昏迷2小时
服用安眠药约50片后昏睡
羊水破了，38周
透析病人，气喘不能平躺，漏了一次透析
被蜜蜂蜇了，全身起疹子，头晕喘不上气
大腿被钢管砸了，变形，疼得受不了
突然双腿没劲，站不起来，尿不出来
化疗后发热三天，白细胞0.5
腰背部撕裂样疼痛2小时，血压190/110
一个月的孩子发烧，不吃奶
老人摔了一跤，大腿根疼，站不起来
我儿子(5个月)哭得很厉害，囟门鼓起来了
视物旋转，走路不稳，说话不清
""".splitlines()

CALM = """\
I need a refill of my lisinopril
My knee has been sore for two weeks since I started jogging
Sore throat and runny nose for three days, no fever, eating and drinking ok
My 6-year-old has an itchy rash on her arms after playing outside, she is playing normally
Sprained my ankle yesterday, I can walk on it but it's swollen
Cut my finger with a kitchen knife, stopped bleeding with pressure
A 30-year-old man presents with low back pain after lifting boxes. He has no numbness, weakness, or bowel or bladder incontinence.
A 25-year-old woman presents for evaluation of dysuria and frequency for 2 days. She denies fever, flank pain, vomiting or vaginal discharge.
wound eval, suture removal
med refill
Poison ivy rash x 3 days
toothache x 2 days
Need a doctor's note for work
I have had a cough with yellow mucus for a week, no shortness of breath, no chest pain
My son has pink eye, the daycare sent him home
pregnancy test
A 35-year-old man with seasonal allergies has sneezing and itchy eyes every spring
Constipation for 4 days, passing gas, no pain
stubbed toe, toenail came off
ear pain since swimming
I've been feeling tired lately and not sleeping well because of work stress
acid reflux after spicy food, on and off for months
tick bite, removed tick, no rash
My hemorrhoids are acting up, a bit of blood on the toilet paper
A 4-year-old girl has a low-grade fever and runny nose; she is active and drinking well
STD check
Cold symptoms, nasal congestion, mild headache
What is the best way to lower cholesterol?
How do you treat athlete's foot?
Can high blood pressure cause a stroke?
What are the symptoms of appendicitis?
My shoulder hurts when I throw a ball
Mosquito bites itchy
A 50-year-old man comes for a routine blood pressure check. He has no chest pain, dyspnea, or headache.
Dandruff and dry scalp
I have mild period cramps, same as every month
my baby spits up after feeding but is gaining weight and happy
Diaper rash in my 5 month old
gout flare in my big toe, had it before
A 22-year-old has had a hangnail that is red for 3 days
burned my fingertip on the stove, small blister
I have a headache that comes in the afternoon when I stare at the screen
insomnia for a month
Finger laceration, bleeding controlled
needs work note, cold sx resolved
A 28-year-old woman at 12 weeks gestation comes for a routine prenatal visit; she feels well
我最近总是失眠怎么办
宝宝三个月便秘
高血压吃什么食物好
孩子发烧38度5，精神好，能吃能玩
痛经怎么缓解
感冒了流鼻涕、嗓子疼三天
脚气反复发作用什么药
颈椎病引起头晕怎么办
怀孕三个月能吃螃蟹吗
糖尿病人能吃西瓜吗
宝宝湿疹怎么护理
胃胀气，吃完饭难受
脱发很严重怎么治
心肌梗死的早期症状有哪些
中风后遗症怎么康复
冠心病能治好吗
月经推迟一周，没怀孕
孩子挑食不爱吃饭
脸上长痘痘
牙龈出血是什么原因
痔疮便血怎么办，手纸上有点血
皮肤瘙痒起红疹
腰肌劳损腰疼，贴膏药有用吗
白带增多有异味
腿抽筋是不是缺钙
打呼噜怎么治疗
眼睛干涩发痒
来开降压药，血压控制得挺好
手指被菜刀划了个小口，血止住了
崴脚了，肿，能走
乙肝大三阳能结婚吗
自闭症儿童怎么训练
高血压会引起脑出血吗
阑尾炎手术多少钱
老人便秘吃什么好
胸部胀痛，来月经前就这样
乳房胀痛有肿块
新生儿黄疸多久能退
宝宝打嗝吐奶怎么办
抑郁症吃什么药好
癫痫病能根治吗
孩子感冒咳嗽有痰怎么办
过敏性鼻炎怎么根治
前列腺炎尿频尿急
尿酸高痛风脚趾疼
小孩流鼻血怎么回事
晕车怎么办
贫血头晕吃什么补血
宝宝6个月拉肚子一天三次
手麻是什么原因引起的
偏头痛吃什么药
早上起来手指僵硬
产后42天检查项目
备孕需要做哪些检查
哺乳期感冒能吃药吗
胃镜需要空腹吗
A 19-year-old man has acne on his face and back for two years
A 45-year-old woman comes for a Pap smear. Her mother had breast cancer and her father died of a myocardial infarction at age 70.
A 60-year-old man with well-controlled hypertension wants to discuss colon cancer screening. He denies chest pain, shortness of breath, melena, or weight loss.
I have athlete's foot and over the counter cream hasn't helped
My 8-year-old has head lice
My daughter (10) has a mild sore throat, no fever, she is eating fine
sunburn on my back, a little sore
Been constipated since starting iron pills; stools are a bit dark but I feel fine
splinter in my hand
Sinus pressure and congestion for 5 days
lost my inhaler, need a new prescription, breathing fine
rash on my elbows that comes and goes
hiccups on and off since lunch
My back hurts after moving furniture, no numbness, I can walk fine
wart on my finger
I twisted my knee at soccer last week, a bit swollen, walking ok
small cut on my shin from shaving, no bleeding now
Cough and congestion x4 days, no SOB
My ears are blocked with wax
I think I have a UTI, it burns when I pee, no fever or back pain
mild diarrhea since yesterday, drinking fluids, no blood
He has a cold sore on his lip
flu shot
staple removal
work physical
blood pressure check
allergy testing
dental cleaning
mild sunstroke last summer, what can I do to avoid it this year?
What foods help with anemia?
Is it safe to take ibuprofen with amoxicillin?
When should my baby start solid food?
My toddler is teething and drools a lot
My newborn has baby acne
How do I know if my child has ADHD?
Does stress cause hair loss?
What is a normal heart rate?
Anxious about my exam, can't sleep
bee sting on my arm yesterday, itchy, small swelling
my contact lens is irritating my eye
broken toe last month, follow-up
I had a stroke 5 years ago and need my aspirin refilled
my hands get numb at night when I type a lot
heartburn after coffee
跑步后膝盖疼怎么办
孩子不肯吃饭怎么办
宝宝晚上哭闹不睡觉
宝宝吐奶正常吗
老年人血压150正常吗
甲状腺结节需要手术吗
脂肪肝怎么调理
胃疼吃什么药
小孩咳嗽老不好
心率60次正常吗
头皮屑多怎么办
肩周炎怎么锻炼
鼻炎鼻塞
口腔溃疡一周了
慢性胃炎反酸烧心
扁桃体发炎嗓子疼能吃什么
孕期便秘怎么办
孕妇感冒可以喝姜汤吗
怀孕5个月腿抽筋
孩子身上起红疙瘩很痒
乳腺增生会变成癌症吗
乙肝会传染吗
肺结节6毫米要紧吗
痛风不能吃什么
宫颈糜烂怎么治
耳朵嗡嗡响
指甲变黑是怎么回事
失眠多梦心烦
高血脂可以吃鸡蛋吗
孩子三岁不会说话
类风湿关节炎怎么治疗
包皮过长要割吗
腰椎间盘突出怎么保守治疗
尿频尿急有点疼
嘴唇干裂起皮
脚扭了一下，有点肿
过敏起荨麻疹，痒，没有别的不舒服
白癜风能治好吗
腹泻两天，精神还好
小便黄
喉咙有异物感
颈部淋巴结肿大半年
膝盖积液怎么办
两岁孩子发烧39度怎么办
宝宝拉绿色大便
月经量多有血块
例假来了肚子疼
冠心病患者饮食注意事项
脑梗塞的护理措施有哪些
什么是肺栓塞
如何预防中风
癫痫患者能开车吗
急性胰腺炎的诊断标准是什么
晕厥和癫痫有什么区别
心绞痛和心梗的区别
破伤风疫苗多久打一次
被猫抓了要打狂犬疫苗吗
一氧化碳中毒怎么急救
孩子发烧会引起抽搐吗
吃头孢能喝酒吗
心慌是怎么回事
偶尔胸闷是什么原因
体检发现心律不齐要紧吗
""".splitlines()
