# The video note that shows that somebody is there.
question-video =
    <b>Show us that you are there.</b>
    We ask you for three small movements in a video note: a round video of about ten seconds. Find good light, be alone in the picture, hold the phone in front of your face. Then press the first button. From then you have { $seconds } seconds.
help-video =
    <b>How do I record a video note?</b>
    Tap the microphone in the message line once: it becomes a camera. Hold it while you make the movements, then let go. It works in Telegram on a phone. If your phone cannot do it, or you cannot make such movements, press “I cannot do this”: then one of our people looks at your photos.
field-video = Video note
expected-video = Only a video note recorded here counts: tap the microphone once, it becomes a camera, and hold it. If you cannot do this, press the button.
proof-video = <b>We need a new video note from you.</b>

# The signs of the acts are also read by the sandbox's phone.
video-acts = <b>Record a video note now. Do this, one after the other:</b>
act-turn-left = ⬅️ Turn your head to your left, and back.
act-turn-right = ➡️ Turn your head to your right, and back.
act-blink-twice = 👀 Look at the camera and blink twice.
act-open-mouth = 😮 Open your mouth wide, and close it.
act-come-closer = 🔍 Bring the phone closer to your face, slowly.
video-how = In the message line, tap the microphone once so that it becomes a camera; then hold it and record. Send it within { $seconds } seconds.
video-received = Thank you, I am watching your video note. This takes a few seconds.
video-taken = ✓ Thank you, I have your video note.
video-waived = ✓ Thank you. One of our people will look at your photos. You can go on here.
video-over =
    <b>One of our people will look at your photos.</b>
    You need no video note any more. Press the button to go on.
video-again = When you are ready, you get other movements:
video-problem = I could not see everything well. Please record it at one go, in good light, alone in the picture.
video-problem-no-face = I cannot see your face. Please hold the phone in front of it, in good light.
video-problem-face-lost = Your face was out of the picture for a moment. Please stay in it.
video-problem-face-too-small = Your face is too small. Please hold the phone closer.
video-problem-several-faces = I see more than one face. Only you should be in the picture.
video-problem-too-short = The video note is too short. Please take your time for all three movements.
video-problem-turn-left-not-found = I did not see you turn your head to your left and back. Please turn it a little farther.
video-problem-turn-right-not-found = I did not see you turn your head to your right and back. Please turn it a little farther.
video-problem-blink-twice-not-found = I did not see you blink twice. Please look at the camera, in good light, and blink twice clearly.
video-problem-open-mouth-not-found = I did not see you open your mouth and close it. Please open it wide.
video-problem-come-closer-not-found = I did not see you come closer. Please bring the phone clearly closer.
video-problem-acts-out-of-order = I saw the movements in another order. Please do just what is asked, one after the other.
button-ready = 🎥 I am ready
button-unable = 🙂 I cannot do this

error-video-note-expected = Please record a video note; words do not help here. If you cannot do this, press the button.
error-clip-not-asked = I cannot use this video note now. Please press the first button below.
error-clip-under-way = I am still watching your video note.
error-clip-not-good = Please record another video note.
error-file-not-fetched = I cannot open this file. Please send it again.
