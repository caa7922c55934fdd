/** Papers that several pages name. */

/** The relaxation of a categorical choice, found twice. */
export const gumbelSoftmaxPapers = [
  {
    authors: "Jang, Gu, Poole",
    year: 2017,
    title: "Categorical Reparameterization with Gumbel-Softmax",
    href: "https://arxiv.org/abs/1611.01144",
  },
  {
    authors: "Maddison, Mnih, Teh",
    year: 2017,
    title: "The Concrete Distribution: A Continuous Relaxation of Discrete Random Variables",
    href: "https://arxiv.org/abs/1611.00712",
  },
];
